// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The control field: what kind of frame it is, and the poll or final bit (IEC 62056-46 §6.4.3).
///
/// | frame | bits 7 to 0 |
/// |---|---|
/// | I | R R R P S S S 0 |
/// | RR | R R R P 0 0 0 1 |
/// | RNR | R R R P 0 1 0 1 |
/// | SNRM | 1 0 0 P 0 0 1 1 |
/// | DISC | 0 1 0 P 0 0 1 1 |
/// | UA | 0 1 1 F 0 0 1 1 |
/// | DM | 0 0 0 F 1 1 1 1 |
/// | FRMR | 1 0 0 F 0 1 1 1 |
/// | UI | 0 0 0 P 0 0 1 1 |
public struct HDLCControl: Hashable, Sendable {
    /// The kind of a frame.
    public enum Kind: Hashable, Sendable {
        /// I: information with the numbers of this frame, N(S), and of the next frame expected, N(R).
        case information(send: HDLCSequenceNumber, receive: HDLCSequenceNumber)
        /// RR: ready for the frame with this number.
        case receiveReady(HDLCSequenceNumber)
        /// RNR: received what lies before this number, not ready for more.
        case receiveNotReady(HDLCSequenceNumber)
        /// SNRM: sets up the link.
        case setNormalResponseMode
        /// DISC: ends the link.
        case disconnect
        /// UA: agrees to SNRM or DISC.
        case unnumberedAcknowledge
        /// DM: there is no link.
        case disconnectedMode
        /// FRMR: a frame was refused.
        case frameReject
        /// UI: information without numbers.
        case unnumberedInformation
        /// Any other control field, with the poll or final bit cleared; a station answers it with FRMR.
        case unsupported(UInt8)
    }

    /// The kind of the frame.
    public var kind: Kind
    /// Poll from the client, which lets the server send; final from the server, which lets the client send.
    public var isPollOrFinal: Bool

    /// Makes a control field.
    public init(_ kind: Kind, isPollOrFinal: Bool) {
        self.kind = kind
        self.isPollOrFinal = isPollOrFinal
    }

    private static let pollOrFinal: UInt8 = 0x10

    /// Takes an octet apart.
    public init(octet: UInt8) {
        isPollOrFinal = octet & Self.pollOrFinal != 0
        let number = HDLCSequenceNumber(octet >> 5)
        let rest = octet & ~Self.pollOrFinal
        if octet & 1 == 0 {
            kind = .information(send: HDLCSequenceNumber(octet >> 1), receive: number)
            return
        }
        switch rest & 0x0F {
        case 0x01: kind = .receiveReady(number)
        case 0x05: kind = .receiveNotReady(number)
        default:
            switch rest {
            case 0x83: kind = .setNormalResponseMode
            case 0x43: kind = .disconnect
            case 0x63: kind = .unnumberedAcknowledge
            case 0x0F: kind = .disconnectedMode
            case 0x87: kind = .frameReject
            case 0x03: kind = .unnumberedInformation
            default: kind = .unsupported(rest)
            }
        }
    }

    /// The octet on the wire.
    public var octet: UInt8 {
        let bits: UInt8 =
            switch kind {
            case .information(let send, let receive): receive.value << 5 | send.value << 1
            case .receiveReady(let number): number.value << 5 | 0x01
            case .receiveNotReady(let number): number.value << 5 | 0x05
            case .setNormalResponseMode: 0x83
            case .disconnect: 0x43
            case .unnumberedAcknowledge: 0x63
            case .disconnectedMode: 0x0F
            case .frameReject: 0x87
            case .unnumberedInformation: 0x03
            case .unsupported(let octet): octet
            }
        return isPollOrFinal ? bits | Self.pollOrFinal : bits & ~Self.pollOrFinal
    }

    /// N(S) of a frame that has it.
    public var sendSequenceNumber: HDLCSequenceNumber? {
        if case .information(let send, _) = kind { send } else { nil }
    }

    /// N(R) of a frame that has it.
    public var receiveSequenceNumber: HDLCSequenceNumber? {
        switch kind {
        case .information(_, let number), .receiveReady(let number), .receiveNotReady(let number): number
        case .setNormalResponseMode, .disconnect, .unnumberedAcknowledge, .disconnectedMode, .frameReject,
            .unnumberedInformation, .unsupported:
            nil
        }
    }

    /// Whether the information field carries a part of an APDU.
    public var carriesAPDU: Bool {
        switch kind {
        case .information, .unnumberedInformation: true
        case .receiveReady, .receiveNotReady, .setNormalResponseMode, .disconnect, .unnumberedAcknowledge,
            .disconnectedMode, .frameReject, .unsupported:
            false
        }
    }

    /// The abbreviation of the standard, such as `SNRM`; `unknown` for any other control field.
    public var name: String {
        switch kind {
        case .information: "I"
        case .receiveReady: "RR"
        case .receiveNotReady: "RNR"
        case .setNormalResponseMode: "SNRM"
        case .disconnect: "DISC"
        case .unnumberedAcknowledge: "UA"
        case .disconnectedMode: "DM"
        case .frameReject: "FRMR"
        case .unnumberedInformation: "UI"
        case .unsupported: "unknown"
        }
    }
}
