// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The way a pushed message came within its connection, which an answer goes back.
public enum PushRoute: Hashable, Sendable {
    /// In a frame of the wrapper (IEC 62056-47).
    case wrapper(source: UInt16, destination: UInt16)
    /// In frames of HDLC (IEC 62056-46).
    case hdlc(source: HDLCAddress, destination: HDLCAddress)
    /// Without any frame: the datagram is the APDU.
    case bare

    /// The logical device that sends; nil when the way does not tell.
    public var logicalDevice: UInt16? {
        switch self {
        case .wrapper(let source, _): source
        case .hdlc(let source, _): source.upper
        case .bare: nil
        }
    }

    /// The physical device that sends; nil when the way does not tell.
    public var physicalDevice: UInt16? {
        if case .hdlc(let source, _) = self { source.lowerIfPresent } else { nil }
    }

    /// The frames that take an APDU back to the sender.
    func frames(_ apdu: [UInt8]) -> [[UInt8]] {
        switch self {
        case .wrapper(let source, let destination):
            // What is longer than a header can say is made by no layer above.
            let frame = WrapperFrame(sourcePort: destination, destinationPort: source, payload: apdu)
            return frame.map { [$0.octets] } ?? []
        case .hdlc(let source, let destination):
            let message = HDLCInformationReassembler.Message(header: .command, apdu: apdu)
            let segments = message.segments(longest: Self.longestSegment)
            return segments.enumerated().compactMap { index, information in
                HDLCFrame(
                    destination: source,
                    source: destination,
                    control: HDLCControl(.unnumberedInformation, isPollOrFinal: false),
                    information: information,
                    isSegmented: index < segments.count - 1
                )?.octets
            }
        case .bare: return [apdu]
        }
    }

    /// What every station takes without having agreed to more (IEC 62056-46 §6.4.4.4.3.2).
    private static let longestSegment = 128
}

/// Something that a sender pushed, in whatever protection it came.
public struct PushedMessage: Hashable, Sendable {
    /// The APDU: a notification, or a protected APDU.
    public let apdu: [UInt8]
    /// The way it came.
    public let route: PushRoute
    /// The address of the device behind a concentrator, if the message names one (gateway protocol).
    public let deviceAddress: [UInt8]?

    /// Gathers a message.
    public init(apdu: [UInt8], route: PushRoute, deviceAddress: [UInt8]? = nil) {
        self.apdu = apdu
        self.route = route
        self.deviceAddress = deviceAddress
    }
}

/// Why octets did not become a message.
public enum PushLoss: String, CaseIterable, Hashable, Sendable {
    /// They are no frame, or a frame that was damaged on its way.
    case noise
    /// The rest of the message did not come.
    case incomplete
    /// The message is longer than messages may be.
    case tooLong = "too-long"
    /// The APDU is none that is pushed.
    case notANotification = "not-a-notification"
    /// The blocks of a general block transfer do not fit together.
    case blocks
}
