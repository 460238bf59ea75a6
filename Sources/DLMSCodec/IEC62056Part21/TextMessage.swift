// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Any message of the text protocol (IEC 62056-21 §6.3), told by its first characters.
public enum TextMessage: Hashable, Sendable {
    /// `/?…!`: who is there?
    case request(RequestMessage)
    /// `/`, three letters…: it is me.
    case identification(IdentificationMessage)
    /// ACK and three characters: go on like this.
    case optionSelect(OptionSelectMessage)
    /// ACK alone.
    case acknowledge
    /// NAK alone: send it again.
    case negativeAcknowledge
    /// SOH…: a command of the programming mode.
    case command(CommandMessage)
    /// STX…: data.
    case data(DataMessage)
    /// An identification with its data behind it.
    case telegram(TextTelegram)

    /// Whether characters behind an identification are its data rather than another message.
    static func continuesTelegram(_ character: UInt8) -> Bool {
        character == TextCharacter.carriageReturn
            || TextCharacter.isPrintable(character) && character != TextCharacter.start
    }
}

extension TextMessage: OctetCodable {
    /// Reads the message that the first characters announce; characters are of seven bits.
    ///
    /// ACK is an option select when a printable character follows. An identification takes what follows as its data.
    /// - Throws: `.truncated`; `.unknownTag` for a character that begins no message; what the messages throw.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let second = reader.rest.dropFirst().first
        switch reader.peek() {
        case nil: throw DecodeError(.truncated(needed: 1, remaining: 0), at: reader.offset, what: "text message")
        case TextCharacter.start where second == TextCharacter.request:
            self = .request(try RequestMessage(decoding: &reader))
        case TextCharacter.start:
            var ahead = reader
            let identification = try IdentificationMessage(decoding: &ahead)
            if let next = ahead.peek(), Self.continuesTelegram(next) {
                self = .telegram(try TextTelegram(decoding: &reader))
            } else {
                reader = ahead
                self = .identification(identification)
            }
        case TextCharacter.startOfHeader: self = .command(try CommandMessage(decoding: &reader))
        case TextCharacter.startOfText: self = .data(try DataMessage(decoding: &reader))
        case TextCharacter.acknowledge:
            if let second, TextCharacter.isPrintable(second) {
                self = .optionSelect(try OptionSelectMessage(decoding: &reader))
            } else {
                _ = try reader.readUInt8()
                self = .acknowledge
            }
        case TextCharacter.negativeAcknowledge:
            _ = try reader.readUInt8()
            self = .negativeAcknowledge
        case .some(let character):
            throw DecodeError(.unknownTag(character), at: reader.offset, what: "text message")
        }
    }

    /// Writes the message.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .request(let message): message.encode(into: &writer)
        case .identification(let message): message.encode(into: &writer)
        case .optionSelect(let message): message.encode(into: &writer)
        case .acknowledge: writer.write(TextCharacter.acknowledge)
        case .negativeAcknowledge: writer.write(TextCharacter.negativeAcknowledge)
        case .command(let message): message.encode(into: &writer)
        case .data(let message): message.encode(into: &writer)
        case .telegram(let message): message.encode(into: &writer)
        }
    }
}
