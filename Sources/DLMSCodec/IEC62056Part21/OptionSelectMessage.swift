// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The client selects protocol, speed and mode; sent at the speed before the change (IEC 62056-21 §6.3.3).
///
/// On the wire: ACK, three characters, CR LF. In mode E the meter confirms with the same message at the new speed.
public struct OptionSelectMessage: Hashable, Sendable {
    /// The protocol: `0` normal, `1` secondary, `2` HDLC.
    public let protocolControl: UInt8
    /// The speed: `0` to `6`.
    public let baudCharacter: UInt8
    /// What is wanted: `0` readout, `1` programming, `2` HDLC, others as the manufacturer says.
    public let modeControl: UInt8

    /// Makes a message; nil for characters that do not print.
    public init?(protocolControl: UInt8, baudCharacter: UInt8, modeControl: UInt8) {
        guard [protocolControl, baudCharacter, modeControl].allSatisfy(TextCharacter.isPrintable) else { return nil }
        self.protocolControl = protocolControl
        self.baudCharacter = baudCharacter
        self.modeControl = modeControl
    }

    /// The speed in bauds; nil for a speed that only the manufacturer knows.
    public var baud: Int? { TextBaudRate.modeC(of: baudCharacter) }

    /// Selects the readout.
    public static func readout(baudCharacter: UInt8) -> OptionSelectMessage? {
        OptionSelectMessage(protocolControl: 0x30, baudCharacter: baudCharacter, modeControl: 0x30)
    }

    /// Selects the programming mode.
    public static func programming(baudCharacter: UInt8) -> OptionSelectMessage? {
        OptionSelectMessage(protocolControl: 0x30, baudCharacter: baudCharacter, modeControl: 0x31)
    }

    /// Selects HDLC, mode E.
    public static func hdlc(baudCharacter: UInt8) -> OptionSelectMessage? {
        OptionSelectMessage(protocolControl: 0x32, baudCharacter: baudCharacter, modeControl: 0x32)
    }
}

extension OptionSelectMessage: OctetCodable {
    /// Reads a message.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for characters that cannot be there.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.readCharacter(TextCharacter.acknowledge, "option select message")
        protocolControl = try reader.readPrintable("protocol control character")
        baudCharacter = try reader.readPrintable("baud rate character")
        modeControl = try reader.readPrintable("mode control character")
        try reader.readLineEnd("option select message")
    }

    /// Writes a message.
    public func encode(into writer: inout OctetWriter) {
        writer.write(contentsOf: [TextCharacter.acknowledge, protocolControl, baudCharacter, modeControl])
        writer.write(contentsOf: TextCharacter.lineEnd)
    }
}
