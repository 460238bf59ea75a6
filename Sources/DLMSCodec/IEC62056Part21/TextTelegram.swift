// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An identification with its data behind it, without STX and block check: modes A, B and D, customer ports that use
/// this layout (DSMR P1), and readouts kept as files.
///
/// On the wire: the identification, an empty line or not, the lines of data, `!`, four hexadecimal digits or not, CR LF.
/// The digits are a CRC-16 (polynomial 8005 reflected, start 0) over everything from `/` to `!`.
public struct TextTelegram: Hashable, Sendable {
    /// Who sends.
    public var identification: IdentificationMessage
    /// What it sends.
    public private(set) var block: TextDataBlock
    /// Whether an empty line stands behind the identification.
    public var hasEmptyLine: Bool
    /// Whether check digits stand behind `!`.
    public var hasCheckDigits: Bool

    /// Makes a telegram of lines.
    public init(
        identification: IdentificationMessage,
        lines: [[TextDataSet]],
        hasEmptyLine: Bool = true,
        hasCheckDigits: Bool = false
    ) {
        self.identification = identification
        block = TextDataBlock(lines: lines, isReadout: true)
        self.hasEmptyLine = hasEmptyLine
        self.hasCheckDigits = hasCheckDigits
    }

    /// Computes the check digits as a number (CRC-16/ARC).
    static func checkSequence(over characters: some Sequence<UInt8>) -> UInt16 {
        var register: UInt16 = 0
        for character in characters {
            register ^= UInt16(character)
            for _ in 0..<8 {
                register = register & 1 == 0 ? register >> 1 : register >> 1 ^ 0xA001
            }
        }
        return register
    }
}

extension TextTelegram: OctetCodable {
    /// Reads a telegram.
    ///
    /// - Throws: what identification and data sets throw; `.truncated` without `!`; `.checkFailed`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let octets = reader.rest
        identification = try IdentificationMessage(decoding: &reader)
        hasEmptyLine = reader.peek() == TextCharacter.carriageReturn
        let text = try reader.readCharacters(through: [TextCharacter.end], "telegram")
        do {
            block = try TextDataBlock(octets: text)
        } catch {
            throw error.moved(by: reader.offset - text.count)
        }
        let covered = octets.dropLast(reader.remaining)
        let start = reader.offset
        hasCheckDigits = reader.peek().map { $0 > 0x20 } ?? false
        if hasCheckDigits {
            let digits = try reader.readSlice(count: 4, "check digits of telegram")
            guard let received = UInt16(String(decoding: digits, as: UTF8.self), radix: 16) else {
                throw DecodeError(.invalidLength(digits.count), at: start, what: "check digits of telegram")
            }
            let computed = Self.checkSequence(over: covered)
            guard received == computed else {
                throw DecodeError(
                    .checkFailed(received: Int(received), computed: Int(computed)),
                    at: start,
                    what: "check digits of telegram"
                )
            }
        }
        if reader.peek() == TextCharacter.carriageReturn { _ = try reader.readUInt8() }
        if reader.peek() == TextCharacter.lineFeed { _ = try reader.readUInt8() }
    }

    /// Writes a telegram, with check digits when it has them.
    public func encode(into writer: inout OctetWriter) {
        let start = writer.octets.count
        identification.encode(into: &writer)
        if hasEmptyLine { writer.write(contentsOf: TextCharacter.lineEnd) }
        writer.write(contentsOf: block.octets.dropLast(TextCharacter.lineEnd.count))
        if hasCheckDigits {
            let value = Self.checkSequence(over: writer.octets[start...])
            let octets = [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)]
            writer.write(contentsOf: Hexadecimal.digits(of: octets))
        }
        writer.write(contentsOf: TextCharacter.lineEnd)
    }
}
