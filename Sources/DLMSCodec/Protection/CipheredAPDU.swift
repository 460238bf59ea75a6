// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An APDU protected with the global or dedicated key (IEC 62056-5-3, glo- and ded- APDUs): tag and OCTET STRING.
public struct CipheredAPDU: Hashable, Sendable {
    /// Which key protects it.
    public enum Key: Hashable, Sendable {
        /// The global key of the meter.
        case global
        /// The key of this association.
        case dedicated
    }

    /// The tag octet.
    public let tag: UInt8
    /// What is protected; see `protectedContent`.
    public var content: [UInt8]

    /// Makes an APDU; nil for a tag that is not one of a ciphered APDU.
    public init?(tag: UInt8, content: [UInt8]) {
        guard Self.parts(of: tag) != nil else { return nil }
        self.tag = tag
        self.content = content
    }

    /// Makes the ciphered variant of a service; nil for a service that has none.
    ///
    /// - Parameters:
    ///   - plainTag: the tag of the service when it is not ciphered, such as C0.
    ///   - key: which key protects it.
    ///   - content: what is protected.
    public init?(plainTag: UInt8, key: Key, content: [UInt8]) {
        guard APDUTag.cipherableName(plainTag) != nil else { return nil }
        let step: UInt8 = plainTag < 0xC0 ? 0x20 : 0x08
        tag = plainTag + (key == .global ? step : 2 * step)
        self.content = content
    }

    /// Whether a tag is one of a ciphered APDU.
    public static func isCiphered(tag: UInt8) -> Bool {
        parts(of: tag) != nil
    }

    /// The tag of the service when it is not ciphered.
    public var plainTag: UInt8 { Self.parts(of: tag)?.plain ?? tag }

    /// Which key protects it.
    public var key: Key { Self.parts(of: tag)?.key ?? .global }

    /// The standard's name, such as `glo-get-request`.
    public var name: String {
        (key == .global ? "glo-" : "ded-") + (APDUTag.cipherableName(plainTag) ?? "")
    }

    /// Security header and payload; nil when the content is too short to have a header.
    public var protectedContent: ProtectedContent? { try? ProtectedContent(octets: content) }

    private static func parts(of tag: UInt8) -> (plain: UInt8, key: Key)? {
        let (plain, key): (UInt8, Key)
        switch tag {
        case 0x21...0x38: (plain, key) = (tag - 0x20, .global)
        case 0x41...0x58: (plain, key) = (tag - 0x40, .dedicated)
        case 0xC8...0xCF: (plain, key) = (tag - 0x08, .global)
        case 0xD0...0xD7: (plain, key) = (tag - 0x10, .dedicated)
        default: return nil
        }
        return APDUTag.cipherableName(plain) == nil ? nil : (plain, key)
    }
}

extension CipheredAPDU: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        tag = try reader.readUInt8("ciphered APDU")
        guard Self.parts(of: tag) != nil else {
            throw DecodeError(.unknownTag(tag), at: start, what: "ciphered APDU")
        }
        content = try reader.readOctetString("ciphered content")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(tag)
        writer.writeOctetString(content)
    }
}
