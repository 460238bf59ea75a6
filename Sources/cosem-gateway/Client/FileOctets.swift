// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Files
import Glibc

/// What subcommands are given to read.
enum FileOctets {
    /// The octets of a file of any length, `-` being standard input; nil with `errno` set when it cannot be read.
    static func read(_ name: String) -> [UInt8]? {
        name == "-" ? WholeFile.read(from: STDIN_FILENO, most: .max) : WholeFile.read(name, most: .max)
    }
}
