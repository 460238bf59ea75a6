// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Reads CSV (RFC 4180) line by line; commas or, if the first line has more of them, semicolons between the cells.
struct CSVReader {
    private let octets: [UInt8]
    private let delimiter: UInt8
    private var index: Int
    private var line = 1

    /// Begins at the first line, behind a byte order mark.
    init(_ octets: [UInt8]) {
        self.octets = octets
        index = octets.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let first = octets.prefix { $0 != 0x0A }
        delimiter = first.count { $0 == 0x3B } > first.count { $0 == 0x2C } ? 0x3B : 0x2C
    }

    /// The cells of the next record with the number of the line that it begins in; nil at the end.
    mutating func next() -> (line: Int, cells: [String])? {
        guard index < octets.count else { return nil }
        let begun = line
        var cells: [String] = []
        while true {
            cells.append(cell())
            guard index < octets.count else { break }
            let octet = octets[index]
            index += 1
            if octet == 0x0A {
                line += 1
                break
            }
        }
        return (begun, cells)
    }

    /// Reads up to the delimiter or the end of the line, which stays.
    private mutating func cell() -> String {
        var text: [UInt8] = []
        if index < octets.count, octets[index] == 0x22 {
            index += 1
            while index < octets.count {
                let octet = octets[index]
                index += 1
                if octet == 0x22 {
                    guard index < octets.count, octets[index] == 0x22 else { break }
                    index += 1
                }
                if octet == 0x0A { line += 1 }
                text.append(octet)
            }
        }
        while index < octets.count, octets[index] != delimiter, octets[index] != 0x0A {
            text.append(octets[index])
            index += 1
        }
        if text.last == 0x0D { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }
}
