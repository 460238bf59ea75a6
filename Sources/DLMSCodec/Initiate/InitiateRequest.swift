// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a client wants to use in an association (IEC 62056-5-3, InitiateRequest, tag 01).
///
/// | field | octets |
/// |---|---|
/// | dedicated key | presence, OCTET STRING |
/// | response allowed | 00 = default true, or 01 and a boolean |
/// | quality of service | presence, signed octet |
/// | DLMS version | 1 |
/// | conformance | 7 |
/// | longest APDU the client receives | 2, 0 = no limit |
public struct InitiateRequest: Hashable, Sendable {
    /// A key for this association only; secret.
    public var dedicatedKey: [UInt8]?
    /// Whether the server may answer.
    public var responseAllowed: Bool
    /// The quality of service asked for; not used in practice.
    public var proposedQualityOfService: Int8?
    /// The DLMS version, 6.
    public var proposedDLMSVersion: UInt8
    /// The services the client wants.
    public var proposedConformance: Conformance
    /// The longest APDU the client receives in octets, ciphering included; 0 = no limit.
    public var clientMaxReceivePDUSize: UInt16

    /// Makes a request.
    public init(
        dedicatedKey: [UInt8]? = nil,
        responseAllowed: Bool = true,
        proposedQualityOfService: Int8? = nil,
        proposedDLMSVersion: UInt8 = 6,
        proposedConformance: Conformance,
        clientMaxReceivePDUSize: UInt16
    ) {
        self.dedicatedKey = dedicatedKey
        self.responseAllowed = responseAllowed
        self.proposedQualityOfService = proposedQualityOfService
        self.proposedDLMSVersion = proposedDLMSVersion
        self.proposedConformance = proposedConformance
        self.clientMaxReceivePDUSize = clientMaxReceivePDUSize
    }
}

extension InitiateRequest: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.initiateRequest, "initiate-request")
        dedicatedKey = try reader.readPresence("dedicated-key") ? try reader.readOctetString("dedicated-key") : nil
        responseAllowed =
            try reader.readPresence("response-allowed") ? try reader.readBool("response-allowed") : true
        proposedQualityOfService =
            try reader.readPresence("quality-of-service") ? try reader.readInt8("quality-of-service") : nil
        proposedDLMSVersion = try reader.readUInt8("proposed-dlms-version-number")
        proposedConformance = try Conformance(decoding: &reader)
        clientMaxReceivePDUSize = try reader.readUInt16("client-max-receive-pdu-size")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.initiateRequest)
        writer.write(dedicatedKey != nil)
        if let dedicatedKey { writer.writeOctetString(dedicatedKey) }
        writer.write(contentsOf: responseAllowed ? [0] : [1, 0])
        writer.write(proposedQualityOfService != nil)
        if let proposedQualityOfService { writer.write(proposedQualityOfService) }
        writer.write(proposedDLMSVersion)
        proposedConformance.encode(into: &writer)
        writer.write(clientMaxReceivePDUSize)
    }
}

extension InitiateRequest: CustomStringConvertible, CustomDebugStringConvertible {
    /// The fields, without the dedicated key.
    public var description: String {
        "InitiateRequest(dedicatedKey: \(dedicatedKey == nil ? "none" : "redacted"), version: \(proposedDLMSVersion), "
            + "conformance: \(proposedConformance.names), clientMaxReceivePDUSize: \(clientMaxReceivePDUSize))"
    }

    /// The same as the description.
    public var debugDescription: String { description }
}
