// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// The right of one gateway to a database file, held until this value is gone.
///
/// It is a lock of the kernel on a file beside the database, `PATH.lock`, and ends with the process however that ends; the
/// file stays and means nothing by itself. The database file is not locked itself, because SQLite's own locks would be lost when
/// any other descriptor of that file is closed. Where the file system has no such locks, everybody gets the right.
public final class SQLiteTenancy: Sendable {
    /// Why the right cannot be had.
    public enum Refusal: Error, Hashable, Sendable {
        /// Another process has it; `tenant` is what that one calls itself, if it could be read.
        case occupied(tenant: String?)
        /// The file beside the database cannot be used.
        case unavailable(reason: String)
    }

    private let descriptor: Int32

    /// Takes the right at once, or not at all.
    ///
    /// - Parameters:
    ///   - path: the database, which need not be there yet; through whichever link it is reached.
    ///   - tenant: what others are told who want it meanwhile, one line.
    public init(of path: String, as tenant: String) throws(Refusal) {
        let name = Self.resolved(path) + ".lock"
        let descriptor = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unavailable(reason: "cannot open \(name): \(String(cString: strerror(errno)))")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            defer { close(descriptor) }
            throw .occupied(tenant: Self.tenant(in: descriptor))
        }
        self.descriptor = descriptor
        // What an administrator has made stays usable for the account that the database belongs to, or will belong to.
        var owner = stat()
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if geteuid() == 0, stat(path, &owner) == 0 || stat(folder, &owner) == 0 {
            _ = fchown(descriptor, owner.st_uid, owner.st_gid)
        }
        let line = Array((tenant + "\n").utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, line, line.count, 0) }
    }

    deinit { close(descriptor) }

    /// The path without links, so that all who mean one file meet at one lock.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    private static func tenant(in descriptor: Int32) -> String? {
        var octets = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &octets, octets.count, 0)
        guard count > 0 else { return nil }
        let line = octets[..<count].prefix { (0x20...0x7E).contains($0) }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}

extension SQLiteTenancy.Refusal: CustomStringConvertible {
    /// What follows the name of the database, for the operator.
    public var description: String {
        switch self {
        case .occupied(let tenant): "is in use by another gateway\(tenant.map { " (\($0))" } ?? "")"
        case .unavailable(let reason): "cannot be used: \(reason)"
        }
    }
}
