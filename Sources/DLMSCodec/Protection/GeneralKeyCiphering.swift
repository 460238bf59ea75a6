// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Any APDU protected with the global or dedicated key (IEC 62056-5-3, general-glo-ciphering, tag DB, and
/// general-ded-ciphering, tag DC): system title and content, both OCTET STRINGs.
public struct GeneralKeyCiphering: Hashable, Sendable {
    /// Which key protects it.
    public var key: CipheredAPDU.Key
    /// The system title of the sender; empty when it is known from the association.
    public var systemTitle: [UInt8]
    /// What is protected; see `protectedContent`.
    public var content: [UInt8]

    /// Makes an APDU.
    public init(key: CipheredAPDU.Key, systemTitle: [UInt8], content: [UInt8]) {
        self.key = key
        self.systemTitle = systemTitle
        self.content = content
    }

    /// Security header and payload; nil when the content is too short to have a header.
    public var protectedContent: ProtectedContent? { try? ProtectedContent(octets: content) }
}

extension GeneralKeyCiphering: OctetCodable {
    /// Reads the APDU with either tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        key = reader.peek() == APDUTag.generalDedCiphering ? .dedicated : .global
        try reader.expectTag(
            key == .global ? APDUTag.generalGloCiphering : APDUTag.generalDedCiphering,
            "general-glo-ciphering"
        )
        systemTitle = try reader.readOctetString("system-title")
        content = try reader.readOctetString("ciphered-content")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(key == .global ? APDUTag.generalGloCiphering : APDUTag.generalDedCiphering)
        writer.writeOctetString(systemTitle)
        writer.writeOctetString(content)
    }
}
