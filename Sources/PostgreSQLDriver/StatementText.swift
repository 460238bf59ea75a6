// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A statement as PostgreSQL numbers its parameters.
struct StatementText: Hashable {
    /// The text with `$1`, `$2` and so on.
    let numbered: String
    /// The names of the parameters in the order of their numbers, each once.
    let names: [String]

    /// Translates named parameters; texts, quoted names, comments and casts (`::`) stay as they are.
    init(_ sql: String) {
        var octets: [UInt8] = []
        var names: [String] = []
        let source = Array(sql.utf8)
        octets.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            let octet = source[index]
            if let end = Self.endOfOpaque(source, at: index) {
                octets += source[index..<end]
                index = end
            } else if octet == UInt8(ascii: ":"), index + 1 < source.count, Self.isNameStart(source[index + 1]) {
                var end = index + 1
                while end < source.count, Self.isNamePart(source[end]) { end += 1 }
                let name = String(decoding: source[(index + 1)..<end], as: UTF8.self)
                let number = names.firstIndex(of: name) ?? names.count
                if number == names.count { names.append(name) }
                octets += Array("$\(number + 1)".utf8)
                index = end
            } else {
                octets.append(octet)
                index += 1
            }
        }
        numbered = String(decoding: octets, as: UTF8.self)
        self.names = names
    }

    /// The end of what begins here and holds no parameter; nil when none of these begins here.
    private static func endOfOpaque(_ source: [UInt8], at start: Int) -> Int? {
        func end(after mark: [UInt8], from: Int) -> Int {
            var index = from
            while index + mark.count <= source.count {
                if source[index..<(index + mark.count)].elementsEqual(mark) { return index + mark.count }
                index += 1
            }
            return source.count
        }
        let next = start + 1 < source.count ? source[start + 1] : 0
        return switch (source[start], next) {
        // A doubled quote ends one text and begins the next, which comes to the same.
        case (UInt8(ascii: "'"), _): end(after: [UInt8(ascii: "'")], from: start + 1)
        case (UInt8(ascii: "\""), _): end(after: [UInt8(ascii: "\"")], from: start + 1)
        case (UInt8(ascii: "-"), UInt8(ascii: "-")): end(after: [UInt8(ascii: "\n")], from: start + 2)
        case (UInt8(ascii: "/"), UInt8(ascii: "*")): end(after: Array("*/".utf8), from: start + 2)
        case (UInt8(ascii: ":"), UInt8(ascii: ":")): start + 2
        default: nil
        }
    }

    private static func isNameStart(_ octet: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet | 0x20) || octet == UInt8(ascii: "_")
    }

    private static func isNamePart(_ octet: UInt8) -> Bool {
        isNameStart(octet) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
    }
}
