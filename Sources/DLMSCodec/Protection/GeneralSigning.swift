// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Any APDU with a digital signature (IEC 62056-5-3, general-signing, tag DF).
public struct GeneralSigning: Hashable, Sendable {
    /// Who sent it to whom.
    public var header: GeneralProtectionHeader
    /// The APDU.
    public var content: [UInt8]
    /// The signature, r and s.
    public var signature: [UInt8]

    /// Makes an APDU.
    public init(header: GeneralProtectionHeader, content: [UInt8], signature: [UInt8]) {
        self.header = header
        self.content = content
        self.signature = signature
    }
}

extension GeneralSigning: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.generalSigning, "general-signing")
        header = try GeneralProtectionHeader(decoding: &reader)
        content = try reader.readOctetString("content")
        signature = try reader.readOctetString("signature")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.generalSigning)
        header.encode(into: &writer)
        writer.writeOctetString(content)
        writer.writeOctetString(signature)
    }
}
