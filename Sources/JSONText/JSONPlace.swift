// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where something stands in a text.
public struct JSONPlace: Hashable, Sendable {
    /// The line, from 1.
    public let line: Int
    /// The character in its line, from 1.
    public let column: Int

    /// Makes a place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The place of the octet with that index; an index behind the end is the end.
    init(of index: Int, in text: [UInt8]) {
        let before = text[..<min(index, text.count)]
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        line = 1 + before.count { $0 == 0x0A }
        // Continuation octets of UTF-8 (10xxxxxx) do not start a character.
        column = 1 + before[lineStart...].count { $0 & 0xC0 != 0x80 }
    }
}
