// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// What comes from the server.
extension HDLCClientLink {
    /// Takes octets of the transport, in whatever pieces they come.
    mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> ClientLink.Output {
        var output = ClientLink.Output()
        guard state != .idle, state != .closed else { return output }
        stream.push(octets)
        take(isSilent: false, &output, now)
        // A slow line gets more time for the rest of a frame.
        if isPolling, stream.pendingCount > 1 {
            deadline = frameLimit(now)
            output.hasProgressed = true
        }
        return output
    }

    /// Takes the frames that are complete.
    mutating func take(isSilent: Bool, _ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        while state != .closed, let item = stream.next(isSilent: isSilent) {
            guard case .frame(let frame) = item, !isEcho(frame) else { continue }
            if isForUs(frame) {
                received(frame, &output, now)
            } else if frame.control.carriesAPDU, isFromServer(frame) {
                // Observed: pushes to clients 0 and 1, outside of any link, in UI and in I frames.
                unsolicited(frame, &output)
            }
        }
    }

    /// Whether a frame is one of ours that the line hands back.
    private mutating func isEcho(_ frame: HDLCFrame) -> Bool {
        let isOurs: Bool =
            switch frame.control.kind {
            case .setNormalResponseMode, .disconnect: frame == lastCommand
            // Only clients send this header; both addresses may be the same number.
            case .information: isForUs(frame) && LLCHeader(startOf: frame.information) == .command
            default: false
            }
        if isOurs { isEchoing = true }
        return isOurs
    }

    private func isForUs(_ frame: HDLCFrame) -> Bool {
        frame.destination.upper == address.upper && frame.destination.width == .one && isFromServer(frame)
    }

    /// Whether a frame comes from the server, whose address may be told in another length, or be any.
    private func isFromServer(_ frame: HDLCFrame) -> Bool {
        let server = settings.server
        guard server.upper == frame.source.upper || server.isAllStations else { return false }
        return server.isCallingDevice || server.lower == server.width.largestPart
            || server.mayBeSameStation(as: frame.source) || server.isAllStations
    }

    private mutating func received(
        _ frame: HDLCFrame,
        _ output: inout ClientLink.Output,
        _ now: ContinuousClock.Instant
    ) {
        if case .unnumberedInformation = frame.control.kind { return unsolicited(frame, &output) }
        switch state {
        case .idle, .closed: break
        case .settingUp:
            switch frame.control.kind {
            case .unnumberedAcknowledge: established(frame, &output)
            case .disconnectedMode, .frameReject: setUpRefused(&output, now)
            default: break
            }
        case .resetting, .releasing:
            switch frame.control.kind {
            case .unnumberedAcknowledge, .disconnectedMode: if isPolling { disconnected(now: now, &output) }
            default: break
            }
        case .open: receivedOpen(frame, &output, now)
        }
    }

    private mutating func receivedOpen(
        _ frame: HDLCFrame,
        _ output: inout ClientLink.Output,
        _ now: ContinuousClock.Instant
    ) {
        switch frame.control.kind {
        case .information(let number, let acknowledged):
            isServerBusy = false
            var isNew = acknowledge(acknowledged)
            switch receiver.received(frame, number: number) {
            case .segment: isNew = true
            case .message(let message):
                isNew = true
                if !message.apdu.isEmpty { output.apdus.append(message.apdu) }
            case .outOfSequence:
                // An old frame once more, because the line doubles frames, says nothing about what was sent since. Who sends that
                // again for each of them has more and more on the way.
                if !isNew, isPolling, queue.hasUnacknowledged { return }
            case .tooLong: return fail(.link(.tooLong), &output)
            }
            answered(frame, isNew: isNew, &output, now)
        case .receiveReady(let acknowledged):
            isServerBusy = false
            answered(frame, isNew: acknowledge(acknowledged), &output, now)
        case .receiveNotReady(let acknowledged):
            isServerBusy = true
            answered(frame, isNew: acknowledge(acknowledged), &output, now)
        case .disconnectedMode: fail(.link(.disconnected), &output)
        case .frameReject: fail(.link(.frameRejected(try? HDLCFrameReject(octets: frame.information))), &output)
        // UA that answers a repeated SNRM, and what makes no sense from a server.
        case .unnumberedAcknowledge, .unnumberedInformation, .setNormalResponseMode, .disconnect, .unsupported: break
        }
    }

    /// Whether a number from the server acknowledges anything.
    private mutating func acknowledge(_ number: HDLCSequenceNumber) -> Bool {
        (queue.acknowledge(number) ?? 0) > 0
    }

    /// A numbered frame came; if it is the final one, it is the client's turn.
    private mutating func answered(
        _ frame: HDLCFrame,
        isNew: Bool,
        _ output: inout ClientLink.Output,
        _ now: ContinuousClock.Instant
    ) {
        if isNew {
            attempts = 0
            pollDelay = .zero
            emptyPolls = 0
            output.hasProgressed = true
        }
        // Without a poll of ours it is the late answer to one that was repeated: its content counts, the turn is ours anyway.
        guard isPolling else { return }
        guard frame.control.isPollOrFinal else {
            deadline = frameLimit(now)
            return
        }
        let isMissing = queue.hasUnacknowledged && !isServerBusy
        if isMissing, !isNew, mayAnswerLate {
            mayAnswerLate = false
            deadline = frameLimit(now)
            return
        }
        isPolling = false
        if isMissing { queue.rewind() }
        if !isNew, isMissing || frame.control.sendSequenceNumber != nil {
            attempts += 1
            guard attempts <= settings.retries else { return fail(.silence, &output) }
        }
        takeTurn(&output, now)
    }

    /// A frame outside of the numbering: one part or all of a message that answers nothing.
    private mutating func unsolicited(_ frame: HDLCFrame, _ output: inout ClientLink.Output) {
        guard let message = (try? unnumbered.push(frame)) ?? nil, !message.apdu.isEmpty else { return }
        output.unsolicited.append(message.apdu)
    }
}
