// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a server lets a client use (IEC 62056-5-3, InitiateResponse, tag 08).
///
/// | field | octets |
/// |---|---|
/// | quality of service | presence, signed octet |
/// | DLMS version | 1 |
/// | conformance | 7 |
/// | longest APDU the server receives | 2, 0 = no limit |
/// | VAA name | 2: 0007 with logical names, FA00 with short names |
public struct InitiateResponse: Hashable, Sendable {
    /// The quality of service; not used in practice.
    public var negotiatedQualityOfService: Int8?
    /// The DLMS version, 6.
    public var negotiatedDLMSVersion: UInt8
    /// The services both can use.
    public var negotiatedConformance: Conformance
    /// The longest APDU the server receives in octets, ciphering included; 0 = no limit.
    public var serverMaxReceivePDUSize: UInt16
    /// 0007 with logical names, else the short name of the association object.
    public var vaaName: UInt16

    /// The VAA name of an association with logical names.
    public static let logicalNameVAAName: UInt16 = 0x0007
    /// The VAA name of an association with short names.
    public static let shortNameVAAName: UInt16 = 0xFA00

    /// Makes a response.
    public init(
        negotiatedQualityOfService: Int8? = nil,
        negotiatedDLMSVersion: UInt8 = 6,
        negotiatedConformance: Conformance,
        serverMaxReceivePDUSize: UInt16,
        vaaName: UInt16 = Self.logicalNameVAAName
    ) {
        self.negotiatedQualityOfService = negotiatedQualityOfService
        self.negotiatedDLMSVersion = negotiatedDLMSVersion
        self.negotiatedConformance = negotiatedConformance
        self.serverMaxReceivePDUSize = serverMaxReceivePDUSize
        self.vaaName = vaaName
    }
}

extension InitiateResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.initiateResponse, "initiate-response")
        negotiatedQualityOfService =
            try reader.readPresence("quality-of-service") ? try reader.readInt8("quality-of-service") : nil
        negotiatedDLMSVersion = try reader.readUInt8("negotiated-dlms-version-number")
        negotiatedConformance = try Conformance(decoding: &reader)
        serverMaxReceivePDUSize = try reader.readUInt16("server-max-receive-pdu-size")
        vaaName = try reader.readUInt16("vaa-name")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.initiateResponse)
        writer.write(negotiatedQualityOfService != nil)
        if let negotiatedQualityOfService { writer.write(negotiatedQualityOfService) }
        writer.write(negotiatedDLMSVersion)
        negotiatedConformance.encode(into: &writer)
        writer.write(serverMaxReceivePDUSize)
        writer.write(vaaName)
    }
}
