// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Files that subcommands read whole.
enum FileOctets {
    /// The octets of a file, `-` being standard input; nil with `errno` set when it cannot be read.
    static func read(_ name: String) -> [UInt8]? {
        let descriptor = name == "-" ? STDIN_FILENO : open(name, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { return octets }
            octets += piece[..<count]
        }
    }
}
