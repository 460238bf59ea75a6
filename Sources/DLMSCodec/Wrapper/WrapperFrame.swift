// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An APDU with the header of the TCP and UDP transport (IEC 62056-47, WPDU).
///
/// | octets | field |
/// |---|---|
/// | 2 | version, 0001 |
/// | 2 | source port: the SAP of the sender |
/// | 2 | destination port: the SAP of the receiver |
/// | 2 | length of the APDU |
public struct WrapperFrame: Hashable, Sendable {
    /// The version, 1.
    public var version: UInt16
    /// The SAP of the sender.
    public var sourcePort: UInt16
    /// The SAP of the receiver.
    public var destinationPort: UInt16
    /// The APDU; may be empty.
    public private(set) var payload: [UInt8]

    /// The only version there is.
    public static let version1: UInt16 = 1
    /// The octets in front of the APDU.
    public static let headerLength = 8
    /// The longest APDU.
    public static let longestPayload = 65_535

    /// Makes a frame; nil for a payload of more than 65 535 octets.
    public init?(version: UInt16 = Self.version1, sourcePort: UInt16, destinationPort: UInt16, payload: [UInt8]) {
        guard payload.count <= Self.longestPayload else { return nil }
        self.version = version
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.payload = payload
    }
}

extension WrapperFrame: OctetCodable {
    /// Reads header and APDU of any version.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        version = try reader.readUInt16("wrapper version")
        sourcePort = try reader.readUInt16("source wPort")
        destinationPort = try reader.readUInt16("destination wPort")
        let length = try reader.readUInt16("wrapper length")
        payload = try reader.readOctets(count: Int(length), "wrapper payload")
    }

    /// Writes header and APDU.
    public func encode(into writer: inout OctetWriter) {
        writer.write(version)
        writer.write(sourcePort)
        writer.write(destinationPort)
        writer.write(UInt16(truncatingIfNeeded: payload.count))
        writer.write(contentsOf: payload)
    }
}
