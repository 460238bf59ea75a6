// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Data from a meter, or to it: a readout, or an answer in programming mode (IEC 62056-21 §6.3.4 and §6.5).
///
/// On the wire: STX, content, ETX or EOT, block check character.
public struct DataMessage: Hashable, Sendable {
    /// The characters between STX and ETX or EOT.
    public let content: [UInt8]
    /// Whether it ends with EOT: more blocks follow after an ACK.
    public let isPartial: Bool

    /// Makes a message; nil for content with SOH, STX, ETX or EOT.
    public init?(content: [UInt8], isPartial: Bool = false) {
        guard Self.mayBeContent(content) else { return nil }
        self.content = content
        self.isPartial = isPartial
    }

    static func mayBeContent(_ content: [UInt8]) -> Bool {
        content.allSatisfy { $0 < 0x80 && !TextCharacter.blockDelimiters.contains($0) }
    }

    /// The data sets of the content.
    ///
    /// - Throws: as `TextDataBlock`.
    public func block() throws(DecodeError) -> TextDataBlock {
        try TextDataBlock(octets: content)
    }

    /// What the meter refuses with, such as `ER01`; nil for content that is not an error message.
    ///
    /// An error message is one value without an address that begins with ER (IEC 62056-21 §6.3.5).
    public var errorText: String? {
        guard let block = try? block(), block.lines.count == 1, block.lines[0].count == 1 else { return nil }
        let set = block.lines[0][0]
        guard set.address.isEmpty, set.values.count == 1, set.values[0].text.utf8.starts(with: "ER".utf8) else {
            return nil
        }
        return set.values[0].text
    }
}

extension DataMessage: OctetCodable {
    /// Reads a message.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for another first character, SOH or STX; `.checkFailed`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.readCharacter(TextCharacter.startOfText, "data message")
        let text = try reader.readBlock("data block")
        content = Array(text.dropLast())
        isPartial = text.last == TextCharacter.endOfTransmission
        try reader.readBlockCheck(over: text)
    }

    /// Writes a message with its block check character.
    public func encode(into writer: inout OctetWriter) {
        let start = writer.octets.count
        writer.write(TextCharacter.startOfText)
        writer.write(contentsOf: content)
        writer.write(isPartial ? TextCharacter.endOfTransmission : TextCharacter.endOfText)
        writer.writeBlockCheck(from: start)
    }
}
