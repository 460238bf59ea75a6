// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Any APDU protected with a key named inside (IEC 62056-5-3, general-ciphering, tag DD).
public struct GeneralCiphering: Hashable, Sendable {
    /// Who sent it to whom.
    public var header: GeneralProtectionHeader
    /// Which key protects it.
    public var keyInformation: KeyInformation?
    /// What is protected; see `protectedContent`.
    public var content: [UInt8]

    /// Makes an APDU.
    public init(header: GeneralProtectionHeader, keyInformation: KeyInformation?, content: [UInt8]) {
        self.header = header
        self.keyInformation = keyInformation
        self.content = content
    }

    /// Security header and payload; nil when the content is too short to have a header.
    public var protectedContent: ProtectedContent? { try? ProtectedContent(octets: content) }
}

extension GeneralCiphering: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.generalCiphering, "general-ciphering")
        header = try GeneralProtectionHeader(decoding: &reader)
        keyInformation = try reader.readOptional("key-info")
        content = try reader.readOctetString("ciphered-content")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.generalCiphering)
        header.encode(into: &writer)
        writer.writeOptional(keyInformation)
        writer.writeOctetString(content)
    }
}
