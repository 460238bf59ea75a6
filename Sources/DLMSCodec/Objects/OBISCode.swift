// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A logical name: the six value groups that identify an object (Blue Book part 1, IEC 62056-6-1).
public struct OBISCode: Hashable, Sendable {
    /// Value group A, the medium.
    public var a: UInt8
    /// Value group B, the channel.
    public var b: UInt8
    /// Value group C, the quantity.
    public var c: UInt8
    /// Value group D, the processing.
    public var d: UInt8
    /// Value group E, the tariff or further classification.
    public var e: UInt8
    /// Value group F, the billing period; 255 = not used.
    public var f: UInt8

    /// Makes a code of its six groups.
    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8, _ e: UInt8, _ f: UInt8) {
        self.a = a
        self.b = b
        self.c = c
        self.d = d
        self.e = e
        self.f = f
    }

    /// Reads a code people write: `1.0.1.8.0.255`, `1-0:1.8.0*255`, `1-0:1.8.0.255`, `1-0:1.8.0` (F = 255) or
    /// twelve hexadecimal digits; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let characters = Array(text.utf8)
        if characters.count == 12, let octets = Hexadecimal.octets(of: text) {
            self.init(octets[0], octets[1], octets[2], octets[3], octets[4], octets[5])
            return
        }
        guard let (groups, separators) = Self.split(characters) else { return nil }
        switch separators {
        case "-:..":
            self.init(groups[0], groups[1], groups[2], groups[3], groups[4], 255)
        case ".....", "-:...", "-:..*", "-:..&":
            self.init(groups[0], groups[1], groups[2], groups[3], groups[4], groups[5])
        default: return nil
        }
    }

    /// The form `1-0:1.8.0.255`.
    public var text: String { "\(a)-\(b):\(c).\(d).\(e).\(f)" }

    private static func split(_ characters: [UInt8]) -> (groups: [UInt8], separators: String)? {
        guard characters.count <= 23 else { return nil }
        var groups: [UInt8] = []
        var separators = ""
        var digits = 0
        var value = 0
        for character in characters {
            if (0x30...0x39).contains(character) {
                digits += 1
                value = value * 10 + Int(character - 0x30)
                guard digits <= 3, value <= 255 else { return nil }
            } else {
                guard digits > 0 else { return nil }
                groups.append(UInt8(value))
                separators.unicodeScalars.append(Unicode.Scalar(character))
                digits = 0
                value = 0
            }
        }
        guard digits > 0 else { return nil }
        groups.append(UInt8(value))
        return (groups, separators)
    }
}

extension OBISCode: Comparable {
    /// Orders by the groups from A to F.
    public static func < (left: OBISCode, right: OBISCode) -> Bool {
        left.number < right.number
    }

    private var number: UInt64 {
        [a, b, c, d, e, f].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension OBISCode: CustomStringConvertible {
    /// The form `1.0.1.8.0.255`.
    public var description: String { "\(a).\(b).\(c).\(d).\(e).\(f)" }
}

extension OBISCode: OctetCodable {
    /// Reads the six octets, A first.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let groups = try reader.readSlice(count: 6, "logical name")
        let first = groups.startIndex
        self.init(
            groups[first],
            groups[first + 1],
            groups[first + 2],
            groups[first + 3],
            groups[first + 4],
            groups[first + 5]
        )
    }

    /// Writes the six octets, A first.
    public func encode(into writer: inout OctetWriter) {
        writer.write(contentsOf: [a, b, c, d, e, f])
    }
}
