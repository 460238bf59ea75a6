// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// An API key as its owner has it: `cgw_`, eight characters that name it, a secret of 43, and six that check both.
///
/// Prefix and check let scanners find keys that leaked, and let the gateway tell damage from a wrong key without a look
/// into its database. The secret has 256 bits of randomness, so a plain digest of it is enough to keep.
public struct APIKeyText: Hashable, Sendable {
    /// What names the key; no secret.
    public let id: String
    private let octets: Secret

    /// What every key begins with.
    public static let prefix = "cgw_"
    private static let idLength = 8
    private static let secretLength = 43
    private static let checkLength = 6
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Draws a new key.
    ///
    /// - Throws: ``DLMSSecurity/SealingError`` when there is no randomness.
    public static func drawn() throws(SealingError) -> APIKeyText {
        // Names are of small letters and digits, which are read out easily.
        let id = try characters(idLength, among: digits.filter { !(0x41...0x5A).contains($0) })
        let secret = try characters(secretLength, among: digits)
        let body = Array(prefix.utf8) + id + [UInt8(ascii: "_")] + secret
        return APIKeyText(
            id: String(decoding: id, as: UTF8.self),
            octets: Secret(body + [UInt8(ascii: "_")] + check(of: body))
        )
    }

    private init(id: String, octets: Secret) {
        self.id = id
        self.octets = octets
    }

    /// Reads a key; nil for what is not formed like one, or is damaged.
    public init?(_ text: some StringProtocol) {
        let octets = Array(text.utf8)
        guard let id = Self.id(in: octets) else { return nil }
        let end = octets.count - Self.checkLength
        guard octets[(Self.prefix.utf8.count + Self.idLength + 1)..<(end - 1)].allSatisfy(Self.digits.contains),
            octets[end - 1] == UInt8(ascii: "_"), Array(octets[end...]) == Self.check(of: octets[..<(end - 1)])
        else { return nil }
        self.init(id: id, octets: Secret(octets))
    }

    /// The name in what has the length and the beginning of a key; nil for anything else.
    public static func id(in octets: [UInt8]) -> String? {
        let start = prefix.utf8.count
        guard octets.count == start + idLength + 1 + secretLength + 1 + checkLength,
            octets.starts(with: prefix.utf8), octets[start + idLength] == UInt8(ascii: "_")
        else { return nil }
        let id = octets[start..<(start + idLength)]
        guard id.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }) else { return nil }
        return String(decoding: id, as: UTF8.self)
    }

    /// The key in clear, for the one place that shows it to its owner.
    public var exposedText: String { String(decoding: octets.exposedOctets, as: UTF8.self) }

    /// What the gateway keeps of the key: the 32 octets of its SHA-256.
    ///
    /// - Throws: ``DLMSSecurity/SealingError`` when there is no SHA-256.
    public func digest() throws(SealingError) -> [UInt8] { try SHA256Digest.of(octets.exposedOctets) }

    private static func characters(_ count: Int, among digits: [UInt8]) throws(SealingError) -> [UInt8] {
        var found: [UInt8] = []
        // The octets above the last multiple would make some digits likelier than others.
        let limit = 256 / digits.count * digits.count
        while found.count < count {
            for octet in try RandomOctets.draw(2 * count) where Int(octet) < limit && found.count < count {
                found.append(digits[Int(octet) % digits.count])
            }
        }
        return found
    }

    /// CRC-32 (ISO 3309) in base 62, six digits.
    private static func check(of octets: some Sequence<UInt8>) -> [UInt8] {
        var remainder: UInt32 = 0xFFFF_FFFF
        for octet in octets {
            remainder ^= UInt32(octet)
            for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1 }
        }
        var value = ~remainder
        var text: [UInt8] = []
        for _ in 0..<checkLength {
            text.append(digits[Int(value % 62)])
            value /= 62
        }
        return text.reversed()
    }
}

extension APIKeyText: CustomStringConvertible {
    /// The name alone.
    public var description: String { "\(Self.prefix)\(id)_…" }
}
