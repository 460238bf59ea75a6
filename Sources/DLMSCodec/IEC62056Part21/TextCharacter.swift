// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Characters with a meaning of their own in the text protocol (IEC 62056-21 §6).
public enum TextCharacter {
    /// SOH: begins a command.
    public static let startOfHeader: UInt8 = 0x01
    /// STX: begins data.
    public static let startOfText: UInt8 = 0x02
    /// ETX: ends data.
    public static let endOfText: UInt8 = 0x03
    /// EOT: ends a partial block of data.
    public static let endOfTransmission: UInt8 = 0x04
    /// ACK: begins an option select, or agrees.
    public static let acknowledge: UInt8 = 0x06
    /// NAK: asks for a repetition.
    public static let negativeAcknowledge: UInt8 = 0x15
    /// CR.
    public static let carriageReturn: UInt8 = 0x0D
    /// LF.
    public static let lineFeed: UInt8 = 0x0A
    /// `/`: begins a request or an identification.
    public static let start: UInt8 = 0x2F
    /// `!`: ends a request or the data of a readout.
    public static let end: UInt8 = 0x21
    /// `?`: makes it a request.
    public static let request: UInt8 = 0x3F
    /// What ends a block of data.
    static let blockEnds: [UInt8] = [endOfText, endOfTransmission]
    /// What cannot stand inside of a block of data.
    static let blockDelimiters: [UInt8] = [startOfHeader, startOfText, endOfText, endOfTransmission]
    /// CR and LF.
    static let lineEnd: [UInt8] = [carriageReturn, lineFeed]

    /// Whether a character prints: 20 to 7E.
    static func isPrintable(_ character: UInt8) -> Bool {
        (0x20...0x7E).contains(character)
    }

    /// Whether a text may be written between delimiters: printable, and none of some characters.
    static func isText(_ text: String, without forbidden: String, longest: Int) -> Bool {
        text.utf8.count <= longest
            && text.utf8.allSatisfy { isPrintable($0) && !forbidden.utf8.contains($0) }
    }
}

/// How eight bits carry the seven bits of a character (IEC 62056-21 §5.1).
///
/// Characters are sent with even parity; a receiver set to eight bits without parity sees it in bit 7.
public enum TextParity: Hashable, Sendable {
    /// Bit 7 is 0.
    case stripped
    /// Bit 7 makes the number of ones even.
    case even

    /// Finds out how octets were sent and gives their characters; octets with wrong parity lose bit 7 too.
    public static func characters(of octets: some Sequence<UInt8>) -> (characters: [UInt8], parity: TextParity) {
        var hasParity = false
        var isEven = true
        let characters = octets.map { octet in
            if octet & 0x80 != 0 { hasParity = true }
            if octet.nonzeroBitCount % 2 != 0 { isEven = false }
            return octet & 0x7F
        }
        return (characters, hasParity && isEven ? .even : .stripped)
    }

    /// The octets that carry characters.
    public func octets(of characters: some Sequence<UInt8>) -> [UInt8] {
        switch self {
        case .stripped: Array(characters)
        case .even: characters.map { $0.nonzeroBitCount % 2 == 0 ? $0 : $0 | 0x80 }
        }
    }
}
