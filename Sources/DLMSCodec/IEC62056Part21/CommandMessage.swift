// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A command of the programming mode (IEC 62056-21 §6.3.6 and §6.5).
///
/// On the wire: SOH, command, type, STX and data unless there are none, ETX or EOT, block check character.
///
/// | command | meaning |
/// |---|---|
/// | P0 | operand for the password, from the meter |
/// | P1, P2 | password, plain or made with the operand |
/// | R1, W1 | read, write text |
/// | R5, W5 | read, write a register |
/// | R6, W6 | read, write in blocks: profiles |
/// | E2 | execute |
/// | B0 | break |
public struct CommandMessage: Hashable, Sendable {
    /// The letter of the command: P, W, R, E or B.
    public let command: UInt8
    /// The digit of its type.
    public let type: UInt8
    /// What stands behind STX; nil without STX, as in a break.
    public let data: [UInt8]?
    /// Whether it ends with EOT: more blocks follow.
    public let isPartial: Bool

    /// The break, which ends the session.
    public static let signOff = CommandMessage(unchecked: 0x42, 0x30, data: nil, isPartial: false)

    /// Makes a command; nil for characters that would end or begin a message.
    public init?(_ command: UInt8, _ type: UInt8, data: [UInt8]?, isPartial: Bool = false) {
        guard TextCharacter.isPrintable(command), TextCharacter.isPrintable(type),
            data.map(DataMessage.mayBeContent) ?? true
        else { return nil }
        self.init(unchecked: command, type, data: data, isPartial: isPartial)
    }

    private init(unchecked command: UInt8, _ type: UInt8, data: [UInt8]?, isPartial: Bool) {
        self.command = command
        self.type = type
        self.data = data
        self.isPartial = isPartial
    }

    /// Makes a command such as `R1` for one data set; nil for a name or values that cannot be written.
    public init?(_ name: String, _ set: TextDataSet) {
        let characters = Array(name.utf8)
        guard characters.count == 2 else { return nil }
        self.init(characters[0], characters[1], data: set.octets)
    }

    /// Letter and digit, such as `R1`.
    public var name: String { String(decoding: [command, type], as: UTF8.self) }

    /// Whether the data are a password.
    public var isPassword: Bool { command == 0x50 && (type == 0x31 || type == 0x32) }
}

extension CommandMessage: OctetCodable {
    /// Reads a command.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for characters that cannot be there; `.checkFailed`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let octets = reader.rest
        try reader.readCharacter(TextCharacter.startOfHeader, "command message")
        command = try reader.readPrintable("command")
        type = try reader.readPrintable("command type")
        if reader.peek() == TextCharacter.startOfText {
            _ = try reader.readUInt8()
            let text = try reader.readBlock("command data")
            data = Array(text.dropLast())
            isPartial = text.last == TextCharacter.endOfTransmission
        } else {
            let start = reader.offset
            let end = try reader.readUInt8("end of command")
            guard TextCharacter.blockEnds.contains(end) else {
                throw DecodeError(.invalidValue(Int(end)), at: start, what: "end of command")
            }
            data = nil
            isPartial = end == TextCharacter.endOfTransmission
        }
        let covered = octets.count - reader.remaining
        try reader.readBlockCheck(over: octets.prefix(covered).dropFirst())
    }

    /// Writes a command with its block check character.
    public func encode(into writer: inout OctetWriter) {
        let start = writer.octets.count
        writer.write(contentsOf: [TextCharacter.startOfHeader, command, type])
        if let data {
            writer.write(TextCharacter.startOfText)
            writer.write(contentsOf: data)
        }
        writer.write(isPartial ? TextCharacter.endOfTransmission : TextCharacter.endOfText)
        writer.writeBlockCheck(from: start)
    }
}

extension CommandMessage: CustomStringConvertible {
    /// The name, and how many characters of data; never the data, which may be a password.
    public var description: String { data.map { "\(name), \($0.count) characters" } ?? name }
}

extension CommandMessage: CustomReflectable {
    /// Nothing: the data may be a password.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
