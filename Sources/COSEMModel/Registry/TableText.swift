// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The text tables of this target: one fact a line, `#` begins a comment line.
package enum TableText {
    /// The lines of an embedded table without comments, blank lines and the blanks at either end.
    package static func lines(of octets: [UInt8]) -> [Substring] {
        let text = String(decoding: octets, as: UTF8.self)
        var lines: [Substring] = []
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let start = line.firstIndex { $0 != UInt8(ascii: " ") } ?? line.endIndex
            guard start < line.endIndex, line[start] != UInt8(ascii: "#") else { continue }
            lines.append(Substring(line[start...]))
        }
        return lines
    }

    /// The first fields of a line and what follows them; nil if there are fewer.
    package static func fields(_ count: Int, of line: Substring) -> [Substring]? {
        let fields = line.utf8.split(separator: UInt8(ascii: " "), maxSplits: count - 1).map { Substring($0) }
        return fields.count == count ? fields : nil
    }
}
