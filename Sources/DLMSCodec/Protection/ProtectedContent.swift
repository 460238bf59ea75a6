// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The inside of a ciphered APDU: security control, invocation counter, and the protected octets.
public struct ProtectedContent: Hashable, Sendable {
    /// Which protection was applied.
    public var securityControl: SecurityControl
    /// The invocation counter of the sender.
    public var invocationCounter: UInt32
    /// Plain or ciphered octets, with the tag at the end when authenticated.
    public var payload: [UInt8]

    /// Makes the content.
    public init(securityControl: SecurityControl, invocationCounter: UInt32, payload: [UInt8]) {
        self.securityControl = securityControl
        self.invocationCounter = invocationCounter
        self.payload = payload
    }
}

extension ProtectedContent: OctetCodable {
    /// Reads the header of five octets, and takes all that is left as payload.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        securityControl = SecurityControl(rawValue: try reader.readUInt8("security-control"))
        invocationCounter = try reader.readUInt32("invocation-counter")
        payload = reader.readRest()
    }

    /// Writes the header and the payload.
    public func encode(into writer: inout OctetWriter) {
        writer.write(securityControl.rawValue)
        writer.write(invocationCounter)
        writer.write(contentsOf: payload)
    }
}
