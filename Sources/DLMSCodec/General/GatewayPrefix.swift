// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An APDU for a meter behind a gateway, or from one (IEC 62056-5-3 annex, tags E6 and E7).
public struct GatewayPrefix: Hashable, Sendable {
    /// Whether it is on its way to the meter.
    public var isRequest: Bool
    /// The network behind the gateway.
    public var networkID: UInt8
    /// The address of the meter in that network.
    public var physicalDeviceAddress: [UInt8]
    /// The APDU.
    public var apdu: [UInt8]

    /// Makes a prefix in front of an APDU.
    public init(isRequest: Bool, networkID: UInt8, physicalDeviceAddress: [UInt8], apdu: [UInt8]) {
        self.isRequest = isRequest
        self.networkID = networkID
        self.physicalDeviceAddress = physicalDeviceAddress
        self.apdu = apdu
    }
}

extension GatewayPrefix: OctetCodable {
    /// Reads the prefix, and takes all that is left as the APDU.
    ///
    /// - Throws: `DecodeError`, also for a prefix with nothing behind it.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        let start = reader.offset
        switch try reader.readUInt8("gateway prefix") {
        case APDUTag.gatewayRequest: isRequest = true
        case APDUTag.gatewayResponse: isRequest = false
        case let tag: throw DecodeError(.unknownTag(tag), at: start, what: "gateway prefix")
        }
        networkID = try reader.readUInt8("network-id")
        physicalDeviceAddress = try reader.readOctetString("physical-device-address")
        guard !reader.isAtEnd else {
            throw DecodeError(
                .truncated(needed: 1, remaining: 0),
                at: reader.offset,
                what: "APDU behind gateway prefix"
            )
        }
        apdu = reader.readRest()
    }

    /// Writes the prefix and the APDU.
    public func encode(into writer: inout OctetWriter) {
        writer.write(isRequest ? APDUTag.gatewayRequest : APDUTag.gatewayResponse)
        writer.write(networkID)
        writer.writeOctetString(physicalDeviceAddress)
        writer.write(contentsOf: apdu)
    }
}
