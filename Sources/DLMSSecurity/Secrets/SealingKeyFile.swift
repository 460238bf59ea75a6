// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Glibc

/// The file that keeps the sealing key: one line of text, readable by its owner only.
///
/// The line is a label, a space and 64 hexadecimal digits. Whoever has the file and the database has every meter's
/// keys, so a file that others can read is refused rather than used with a warning.
struct SealingKeyFile {
    private static let label = "cosem-gateway-sealing-key-1"

    let path: String

    /// Loads the key, or makes the file with a random key when there is none.
    ///
    /// Two processes that start together end up with the same key: the file appears complete, under its name, once.
    func loadOrCreate() throws(SealingError) -> Secret {
        do throws(SealingError) {
            return try load()
        } catch .keyFileMissing {
            try create()
            return try load()
        }
    }

    /// Loads the key.
    func load() throws(SealingError) -> Secret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT ? .keyFileMissing(path: path) : unusable("open", code)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unusable("fstat", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .keyFileMalformed(path: path) }
        let mode = status.st_mode & 0o777
        guard mode & 0o077 == 0 else { throw .keyFileExposed(path: path, mode: mode) }
        var octets = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &octets, octets.count)
        guard count >= 0 else { throw unusable("read", errno) }
        guard let key = Self.parse(octets[..<count]) else { throw .keyFileMalformed(path: path) }
        return key
    }

    /// Makes the file with a random key; leaves a file that is already there untouched.
    private func create() throws(SealingError) {
        let key = try RandomOctets.draw(32)
        // Written aside and then linked to its name: a reader never sees half a key, and an existing file stays.
        let aside = path + "." + Hexadecimal.text(of: try RandomOctets.draw(8))
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw unusable("create", errno) }
        defer {
            close(descriptor)
            unlink(aside)
        }
        let line = Array("\(Self.label) \(Hexadecimal.text(of: key))\n".utf8)
        guard write(descriptor, line, line.count) == line.count else { throw unusable("write", errno) }
        guard fsync(descriptor) == 0 else { throw unusable("fsync", errno) }
        guard link(aside, path) == 0 || errno == EEXIST else { throw unusable("link", errno) }
        try synchronizeFolder()
    }

    private func synchronizeFolder() throws(SealingError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unusable("open folder", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw unusable("fsync folder", errno) }
    }

    private static func parse(_ octets: ArraySlice<UInt8>) -> Secret? {
        let prefix = Array((label + " ").utf8)
        guard octets.starts(with: prefix) else { return nil }
        var digits = octets.dropFirst(prefix.count)
        if digits.last == UInt8(ascii: "\n") { digits = digits.dropLast() }
        guard digits.count == 64 else { return nil }
        return Hexadecimal.octets(of: String(decoding: digits, as: UTF8.self)).map { Secret($0) }
    }

    private func unusable(_ operation: String, _ code: Int32) -> SealingError {
        .keyFileUnusable(path: path, operation: operation, code: code)
    }
}
