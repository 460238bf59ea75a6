// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The first message of a session: asks a meter to identify itself (IEC 62056-21 §6.3.1).
///
/// On the wire: `/?`, the address, `!`, CR LF. A meter ignores leading zeros of the address.
public struct RequestMessage: Hashable, Sendable {
    /// The address of the meter; empty for any meter.
    public let address: String

    /// The longest address.
    public static let longestAddress = 32

    /// Makes a request to any meter.
    public init() {
        address = ""
    }

    /// Makes a request; nil for an address of more than 32 characters, or with `/`, `!` or characters that do not print.
    public init?(address: String) {
        guard TextCharacter.isText(address, without: "/!", longest: Self.longestAddress) else { return nil }
        self.address = address
    }
}

extension RequestMessage: OctetCodable {
    /// Reads a request.
    ///
    /// - Throws: `.truncated`; `.invalidValue` for what is none; `.invalidLength` for an address that is too long.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.readCharacter(TextCharacter.start, "request message")
        try reader.readCharacter(TextCharacter.request, "request message")
        let start = reader.offset
        let text = try reader.readCharacters(through: [TextCharacter.end], "device address").dropLast()
        guard let request = RequestMessage(address: String(decoding: text, as: UTF8.self)) else {
            throw DecodeError(.invalidLength(text.count), at: start, what: "device address")
        }
        self = request
        try reader.readLineEnd("request message")
    }

    /// Writes a request.
    public func encode(into writer: inout OctetWriter) {
        writer.write(contentsOf: [TextCharacter.start, TextCharacter.request])
        writer.write(contentsOf: address.utf8)
        writer.write(TextCharacter.end)
        writer.write(contentsOf: TextCharacter.lineEnd)
    }
}
