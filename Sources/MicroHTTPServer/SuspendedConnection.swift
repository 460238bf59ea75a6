// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPD

/// The one right to resume a suspended connection.
///
/// It cannot be copied and resumes when it ends, so that every suspension is followed by exactly one resumption: the compiler
/// rules out a second one, and losing the token is resuming. Made and ended on the connection's loop thread only.
struct SuspendedConnection: ~Copyable {
    private let connection: OpaquePointer

    /// Suspends a connection; allowed only inside the library's request or reader callback for it.
    init(suspending connection: OpaquePointer) {
        MHD_suspend_connection(connection)
        self.connection = connection
    }

    /// Resumes the connection; the library calls back in its next run.
    consuming func resume() {}

    deinit {
        MHD_resume_connection(connection)
    }
}
