// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A value of the text protocol with its unit (IEC 62056-21 §6.3.4.1): `(value)` or `(value*unit)`.
public struct TextValue: Hashable, Sendable {
    /// The value, digits or other text; may be empty.
    public let text: String
    /// The unit; nil when there is none.
    public let unit: String?

    /// The longest value or unit that is accepted.
    ///
    /// Observed: meters send more than the standard's 32 and 16 characters.
    public static let longest = 4096

    /// Makes a value; nil for characters that end it (`(`, `)`, `*`, line ends).
    public init?(_ text: String, unit: String? = nil) {
        guard TextCharacter.isText(text, without: "()*", longest: Self.longest),
            unit.map({ TextCharacter.isText($0, without: "()", longest: Self.longest) }) ?? true
        else { return nil }
        self.text = text
        self.unit = unit
    }
}

/// An address and the values that belong to it (IEC 62056-21 §6.3.4.1), such as `1.8.0(000123.45*kWh)`.
public struct TextDataSet: Hashable, Sendable {
    /// The identification code, mostly a reduced OBIS code; empty when the set goes on with that of the one before.
    ///
    /// Behind `*` stands the number of a stored value; `&` instead says that it was stored otherwise than by the button.
    public let address: String
    /// The values, at least one.
    public let values: [TextValue]

    /// Makes a set; nil without values and for an address with characters that end it.
    public init?(address: String, values: [TextValue]) {
        guard !values.isEmpty, TextCharacter.isText(address, without: "()/!", longest: TextValue.longest) else {
            return nil
        }
        self.address = address
        self.values = values
    }
}

extension TextDataSet: OctetCodable {
    /// Reads a set up to the end of its last value.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for characters that cannot be there.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        let address = try reader.readCharacters(through: [0x28], "address of data set").dropLast()
        var values: [TextValue] = []
        var hasMore = true
        while hasMore {
            values.append(try TextValue(behindParenthesis: &reader))
            hasMore = reader.peek() == 0x28
            if hasMore { _ = try reader.readUInt8() }
        }
        guard let set = TextDataSet(address: String(decoding: address, as: UTF8.self), values: values) else {
            throw DecodeError(.invalidLength(address.count), at: start, what: "address of data set")
        }
        self = set
    }

    /// Writes address and values.
    public func encode(into writer: inout OctetWriter) {
        writer.write(contentsOf: address.utf8)
        for value in values {
            writer.write(0x28 as UInt8)
            writer.write(contentsOf: value.text.utf8)
            if let unit = value.unit {
                writer.write(0x2A as UInt8)
                writer.write(contentsOf: unit.utf8)
            }
            writer.write(0x29 as UInt8)
        }
    }
}

extension TextValue {
    /// Reads a value behind its opening parenthesis.
    fileprivate init(behindParenthesis reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        let characters = try reader.readCharacters(through: [0x29], "value of data set").dropLast()
        let star = characters.firstIndex(of: 0x2A)
        let text = characters[..<(star ?? characters.endIndex)]
        let unit = star.map { String(decoding: characters[($0 + 1)...], as: UTF8.self) }
        guard let value = TextValue(String(decoding: text, as: UTF8.self), unit: unit) else {
            throw DecodeError(.invalidLength(characters.count), at: start, what: "value of data set")
        }
        self = value
    }
}
