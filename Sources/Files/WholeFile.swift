// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Files that are read whole.
public enum WholeFile {
    /// The octets of a file; nil with `errno` set when it cannot be read or is longer than allowed (`EFBIG`).
    ///
    /// - Parameter most: how long the file may be, octets.
    public static func read(_ path: String, most: Int = 1 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(from: descriptor, most: most)
    }

    /// All octets that a descriptor still has; it stays open.
    ///
    /// - Parameter most: how many there may be; `errno` is `EFBIG` when there are more.
    public static func read(from descriptor: Int32, most: Int) -> [UInt8]? {
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { return octets }
            guard count <= most - octets.count else {
                errno = EFBIG
                return nil
            }
            octets += piece[..<count]
        }
    }
}
