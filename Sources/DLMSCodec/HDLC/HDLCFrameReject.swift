// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The information of FRMR: which frame was refused and why (IEC 62056-46 §6.4.4.4.3.6).
///
/// | octet | bits |
/// |---|---|
/// | 1 | the control field that was refused |
/// | 2 | V(R) in bits 7 to 5, refused a response in bit 4, V(S) in bits 3 to 1 |
/// | 3 | Z, Y, X, W in bits 3 to 0 |
public struct HDLCFrameReject: Hashable, Sendable {
    /// Why the frame was refused.
    public struct Reasons: OptionSet, Hashable, Sendable {
        /// The bits as on the wire.
        public let rawValue: UInt8

        /// Makes a set of bits as on the wire.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// W: the control field is invalid or not implemented.
        public static let invalidControl = Reasons(rawValue: 1)
        /// X: the frame carries information that it must not have.
        public static let unexpectedInformation = Reasons(rawValue: 2)
        /// Y: the information is longer than was negotiated.
        public static let informationTooLong = Reasons(rawValue: 4)
        /// Z: N(R) acknowledges what was not sent.
        public static let invalidReceiveNumber = Reasons(rawValue: 8)
    }

    /// The control field of the frame that was refused.
    public var rejectedControl: HDLCControl
    /// V(S) of the station that refuses.
    public var sendState: HDLCSequenceNumber
    /// V(R) of the station that refuses.
    public var receiveState: HDLCSequenceNumber
    /// Whether the frame that was refused is a response.
    public var refusesResponse: Bool
    /// Why it was refused.
    public var reasons: Reasons

    /// Makes the information of a refusal.
    public init(
        rejectedControl: HDLCControl,
        sendState: HDLCSequenceNumber,
        receiveState: HDLCSequenceNumber,
        refusesResponse: Bool,
        reasons: Reasons
    ) {
        self.rejectedControl = rejectedControl
        self.sendState = sendState
        self.receiveState = receiveState
        self.refusesResponse = refusesResponse
        self.reasons = reasons
    }
}

extension HDLCFrameReject: OctetCodable {
    /// Reads three octets.
    ///
    /// - Throws: `.truncated`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        rejectedControl = HDLCControl(octet: try reader.readUInt8("rejected control field"))
        let states = try reader.readUInt8("state variables of FRMR")
        sendState = HDLCSequenceNumber(states >> 1)
        receiveState = HDLCSequenceNumber(states >> 5)
        refusesResponse = states & 0x10 != 0
        reasons = Reasons(rawValue: try reader.readUInt8("reasons of FRMR") & 0x0F)
    }

    /// Writes three octets.
    public func encode(into writer: inout OctetWriter) {
        writer.write(rejectedControl.octet)
        writer.write(receiveState.value << 5 | (refusesResponse ? 0x10 : 0) | sendState.value << 1)
        writer.write(reasons.rawValue)
    }
}
