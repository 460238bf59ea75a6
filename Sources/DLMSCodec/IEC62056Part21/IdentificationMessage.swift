// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A meter says who it is and how it can go on (IEC 62056-21 §6.3.2).
///
/// On the wire: `/`, three letters of the manufacturer, a speed character, escape sequences such as `\2`, the
/// identification, CR LF.
public struct IdentificationMessage: Hashable, Sendable {
    /// How a meter goes on after its identification.
    public enum Mode: Hashable, Sendable {
        /// A: the readout follows at 300 Bd.
        case a
        /// B: the readout follows at this speed.
        case b(baud: Int)
        /// C: the client selects an option, at up to this speed; nil for a speed that only the manufacturer knows.
        case c(baud: Int?)
        /// E: as C, and HDLC can be selected.
        case e(baud: Int?)
    }

    /// The registered letters of the manufacturer, as sent.
    public let manufacturer: String
    /// The character that names the speed.
    public let baudCharacter: UInt8
    /// The characters behind each `\` in front of the identification.
    public let escapes: [UInt8]
    /// The identification of the type; kept as sent, also where it is longer than the standard's 16 characters.
    public let identification: String

    /// The longest identification that is read.
    ///
    /// Observed: some meters send more than the standard allows.
    public static let longestIdentification = 128

    /// Makes an identification; nil for characters that do not print or would be read as another field.
    public init?(manufacturer: String, baudCharacter: UInt8, escapes: [UInt8] = [], identification: String) {
        guard manufacturer.utf8.count == 3, TextCharacter.isText(manufacturer, without: "/!?", longest: 3),
            TextCharacter.isPrintable(baudCharacter), baudCharacter != 0x5C,
            escapes.allSatisfy(TextCharacter.isPrintable),
            TextCharacter.isText(identification, without: "", longest: Self.longestIdentification),
            identification.utf8.first != 0x5C
        else { return nil }
        self.manufacturer = manufacturer
        self.baudCharacter = baudCharacter
        self.escapes = escapes
        self.identification = identification
    }

    /// Whether HDLC can be selected: `\2`.
    public var allowsHDLC: Bool { escapes.contains(0x32) }

    /// Whether the meter reacts within 20 ms instead of 200 ms: its third letter is a small one.
    public var reactsQuickly: Bool {
        manufacturer.utf8.last.map { (0x61...0x7A).contains($0) } ?? false
    }

    /// How the meter goes on.
    ///
    /// Mode D looks like mode C with `3`; it is told by coming unasked.
    public var mode: Mode {
        if allowsHDLC { return .e(baud: TextBaudRate.modeC(of: baudCharacter)) }
        if (0x30...0x39).contains(baudCharacter) { return .c(baud: TextBaudRate.modeC(of: baudCharacter)) }
        if let baud = TextBaudRate.modeB(of: baudCharacter) { return .b(baud: baud) }
        return .a
    }
}

extension IdentificationMessage: OctetCodable {
    /// Reads an identification.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for characters that cannot be there; `.invalidLength` for an
    ///   identification that is too long.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.readCharacter(TextCharacter.start, "identification message")
        var letters: [UInt8] = []
        for _ in 0..<3 {
            letters.append(try reader.readPrintable("manufacturer"))
        }
        let character = try reader.readPrintable("baud rate character")
        var escapes: [UInt8] = []
        while reader.peek() == 0x5C {
            _ = try reader.readUInt8()
            escapes.append(try reader.readPrintable("escape sequence"))
        }
        let start = reader.offset
        let text = try reader.readCharacters(through: [TextCharacter.carriageReturn], "identification").dropLast()
        guard text.count <= Self.longestIdentification else {
            throw DecodeError(.invalidLength(text.count), at: start, what: "identification")
        }
        guard
            let message = IdentificationMessage(
                manufacturer: String(decoding: letters, as: UTF8.self),
                baudCharacter: character,
                escapes: escapes,
                identification: String(decoding: text, as: UTF8.self)
            )
        else {
            throw DecodeError(.invalidValue(Int(character)), at: start, what: "identification message")
        }
        self = message
        try reader.readCharacter(TextCharacter.lineFeed, "identification message")
    }

    /// Writes an identification.
    public func encode(into writer: inout OctetWriter) {
        writer.write(TextCharacter.start)
        writer.write(contentsOf: manufacturer.utf8)
        writer.write(baudCharacter)
        for escape in escapes {
            writer.write(contentsOf: [0x5C, escape])
        }
        writer.write(contentsOf: identification.utf8)
        writer.write(contentsOf: TextCharacter.lineEnd)
    }
}
