// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import NIOCore
import Synchronization

/// The sockets of one attempt to connect, of which there is one for each address of the name, so that all of them can be
/// closed when nobody wants the connection any more.
final class ConnectAttempt: Sendable {
    private struct Content {
        var isCancelled = false
        var channels: [any Channel] = []
    }

    private let content = Mutex(Content())

    /// Whether nobody wants the connection any more.
    var isCancelled: Bool { content.withLock { $0.isCancelled } }

    /// Takes note of a socket that is about to connect.
    ///
    /// - Throws: `CancellationError`, so that no further address is tried.
    func begin(_ channel: any Channel) throws {
        try content.withLock { content in
            guard !content.isCancelled else { throw CancellationError() }
            content.channels.append(channel)
        }
    }

    /// Closes all sockets, whether they are connected by now or not.
    func cancel() {
        let channels = content.withLock { content in
            content.isCancelled = true
            return content.channels
        }
        for channel in channels {
            channel.close(promise: nil)
        }
    }
}
