// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// How many descriptors this process may hold: each meter link and each HTTP connection takes one.
struct FileDescriptorLimit {
    /// The limit in force after ``raise()``.
    let inForce: Int

    /// Raises the soft limit to the hard one and says what is in force.
    static func raise() -> FileDescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .init(inForce: 1024) }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 {
                limit = raised
            }
        }
        return .init(inForce: Int(clamping: limit.rlim_cur))
    }

    /// What to tell the operator when the limit leaves too little room; nil when it is enough.
    ///
    /// - Parameter needed: Descriptors for HTTP connections, meter links and the store together.
    func warning(needed: Int) -> String? {
        guard inForce < needed else { return nil }
        return "this process may hold \(inForce) file descriptors but is set up for \(needed); "
            + "raise LimitNOFILE (systemd) or ulimit -n, or lower the number of connections"
    }
}
