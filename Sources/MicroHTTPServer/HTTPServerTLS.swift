// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// How a server speaks TLS 1.2 and 1.3: with which identity, which may change while it runs.
public final class HTTPServerTLS: Sendable {
    private let current: Mutex<HTTPServerIdentity>

    /// Speaks TLS with an identity.
    public init(_ identity: HTTPServerIdentity) {
        current = Mutex(identity)
    }

    /// The identity of connections that are opened now.
    public var identity: HTTPServerIdentity { current.withLock { $0 } }

    /// Gives another identity to connections from now on; those that are open keep theirs.
    public func use(_ identity: HTTPServerIdentity) {
        current.withLock { $0 = identity }
    }
}
