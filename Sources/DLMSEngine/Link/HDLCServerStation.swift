// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The server's side of one HDLC link in normal response mode (IEC 62056-46 §6.4): one client at one logical device.
///
/// It speaks when polled: up to a window of I frames, the last one final, or RR, RNR or FRMR.
struct HDLCServerStation: Sendable {
    /// Where answers come from and go to.
    let source: HDLCAddress
    let destination: HDLCAddress
    let limits: HDLCLimits
    /// When the link is gone if nothing comes; nil = never.
    var deadline: ContinuousClock.Instant?
    private var queue = HDLCSendQueue()
    private var receiver: HDLCReceiver
    private var isClientBusy = false
    /// What was wrong with a frame; until SNRM or DISC nothing else is said.
    private var rejection: HDLCFrameReject?
    /// How often RNR is said to a request before its answer.
    private let turnsBusy: Int
    private var turnsLeftBusy = 0

    /// The longest request that is put together of frames, in octets.
    private static let longestRequest = 65_535 + LLCHeader.length

    init(source: HDLCAddress, destination: HDLCAddress, limits: HDLCLimits, turnsBusy: Int) {
        self.source = source
        self.destination = destination
        self.limits = limits
        self.turnsBusy = turnsBusy
        receiver = HDLCReceiver(longest: Self.longestRequest)
    }

    /// Takes a frame; hands out the APDU that it completes.
    mutating func received(_ frame: HDLCFrame) -> [UInt8]? {
        guard rejection == nil else { return nil }
        switch frame.control.kind {
        case .information(let number, let acknowledged):
            guard frame.information.count <= limits.informationReceive else {
                reject(frame, .informationTooLong)
                return nil
            }
            guard acknowledge(acknowledged, frame) else { return nil }
            isClientBusy = false
            switch receiver.received(frame, number: number) {
            case .segment, .outOfSequence: return nil
            case .message(let message):
                turnsLeftBusy = turnsBusy
                return message.apdu.isEmpty ? nil : message.apdu
            case .tooLong:
                reject(frame, .informationTooLong)
                return nil
            }
        case .receiveReady(let acknowledged):
            isClientBusy = false
            _ = acknowledge(acknowledged, frame)
        case .receiveNotReady(let acknowledged):
            isClientBusy = true
            _ = acknowledge(acknowledged, frame)
        case .unsupported: reject(frame, .invalidControl)
        // A client sends none of these, or they are not of the link.
        case .unnumberedInformation, .unnumberedAcknowledge, .disconnectedMode, .frameReject, .setNormalResponseMode,
            .disconnect:
            break
        }
        return nil
    }

    /// Adds an APDU to what is to be sent.
    mutating func append(_ apdu: [UInt8]) {
        let message = HDLCInformationReassembler.Message(header: .response, apdu: apdu)
        queue.append(message, longest: limits.informationTransmit)
    }

    /// What is said to a poll.
    mutating func turn() -> [HDLCFrame] {
        if let rejection { return frames(.frameReject, isFinal: true, rejection.octets) }
        guard turnsLeftBusy == 0 else {
            turnsLeftBusy -= 1
            return frames(.receiveNotReady(receiver.expected), isFinal: true)
        }
        // What the client did not acknowledge with its poll has not reached it.
        queue.rewind()
        let window = isClientBusy ? [] : queue.nextWindow(limits.windowTransmit)
        guard let last = window.last else { return frames(.receiveReady(receiver.expected), isFinal: true) }
        return window.flatMap { segment in
            frames(
                .information(send: segment.number, receive: receiver.expected),
                isFinal: segment == last,
                segment.information,
                isSegmented: segment.isSegmented
            )
        }
    }

    /// The frames of a message outside of the numbering.
    func unnumbered(_ apdu: [UInt8]) -> [HDLCFrame] {
        let parts = HDLCInformationReassembler.Message(header: .response, apdu: apdu)
            .segments(longest: limits.informationTransmit)
        return parts.indices.flatMap { index in
            frames(.unnumberedInformation, isFinal: false, parts[index], isSegmented: index < parts.count - 1)
        }
    }

    private mutating func acknowledge(_ number: HDLCSequenceNumber, _ frame: HDLCFrame) -> Bool {
        guard queue.acknowledge(number) == nil else { return true }
        reject(frame, .invalidReceiveNumber)
        return false
    }

    private mutating func reject(_ frame: HDLCFrame, _ reasons: HDLCFrameReject.Reasons) {
        rejection = HDLCFrameReject(
            rejectedControl: frame.control,
            sendState: queue.nextNumber,
            receiveState: receiver.expected,
            refusesResponse: false,
            reasons: reasons
        )
    }

    /// One frame; none if it were too long, which the limits rule out.
    private func frames(
        _ kind: HDLCControl.Kind,
        isFinal: Bool,
        _ information: [UInt8] = [],
        isSegmented: Bool = false
    ) -> [HDLCFrame] {
        let frame = HDLCFrame(
            destination: destination,
            source: source,
            control: HDLCControl(kind, isPollOrFinal: isFinal),
            information: information,
            isSegmented: isSegmented
        )
        return frame.map { [$0] } ?? []
    }
}
