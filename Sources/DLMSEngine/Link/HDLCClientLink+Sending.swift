// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The client's turns, and what happens when nothing comes in time.
extension HDLCClientLink {
    /// Sends what waits, or asks for the rest of what has begun; only in the client's turn.
    mutating func takeTurn(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        deadline = nil
        guard !isServerBusy else { return pollSoon(&output, now) }
        let window = queue.nextWindow(limits.windowTransmit)
        guard let last = window.last else {
            // Segments are fetched at once; whether an answer is awaited is known above only.
            if receiver.isOpen { poll(&output, now) }
            return
        }
        var octets: [UInt8] = []
        for segment in window {
            let kind = HDLCControl.Kind.information(send: segment.number, receive: receiver.expected)
            octets += frame(
                HDLCControl(kind, isPollOrFinal: segment == last),
                information: segment.information,
                isSegmented: segment.isSegmented
            )
        }
        polled(octets, &output, now)
    }

    /// Asks for the state of the server and for what it has to send.
    mutating func poll(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        let control = HDLCControl(.receiveReady(receiver.expected), isPollOrFinal: true)
        polled(frame(control), &output, now)
    }

    /// Asks at once at first, and then ever more seldom.
    mutating func pollSoon(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        emptyPolls += 1
        guard emptyPolls <= Self.mostEmptyPolls else { return fail(.link(.notReady), &output) }
        guard pollDelay > .zero else {
            pollDelay = .milliseconds(20)
            return poll(&output, now)
        }
        deadline = now + pollDelay
        pollDelay = min(pollDelay * 2, Self.longestPollDelay)
    }

    /// Sends SNRM or DISC.
    mutating func sendCommand(
        _ kind: HDLCControl.Kind,
        information: [UInt8] = [],
        _ output: inout ClientLink.Output,
        _ now: ContinuousClock.Instant
    ) {
        let control = HDLCControl(kind, isPollOrFinal: true)
        lastCommand = HDLCFrame(
            destination: settings.server,
            source: address,
            control: control,
            information: information
        )
        polled(frame(control, information: information), &output, now)
    }

    private mutating func polled(
        _ octets: [UInt8],
        _ output: inout ClientLink.Output,
        _ now: ContinuousClock.Instant
    ) {
        output.commands.append(.send(octets))
        isPolling = true
        deadline = frameLimit(now, afterOctets: octets.count)
    }

    /// When to give up waiting for the next frame.
    func frameLimit(_ now: ContinuousClock.Instant, afterOctets count: Int = 0) -> ContinuousClock.Instant {
        now + settings.frameTimeout + (settings.line?.duration(ofOctets: count) ?? .zero)
    }

    private mutating func frame(
        _ control: HDLCControl,
        information: [UInt8] = [],
        isSegmented: Bool = false
    ) -> [UInt8] {
        let frame = HDLCFrame(
            destination: settings.server,
            source: address,
            control: control,
            information: information,
            isSegmented: isSegmented
        )
        // Limits keep information short enough for the length field of a frame.
        guard let frame else { return [] }
        if isEchoing { stream.sent(frame) }
        return frame.octets
    }

    // MARK: Time

    /// The instant in ``deadline`` has come.
    mutating func deadlineReached(now: ContinuousClock.Instant) -> ClientLink.Output {
        var output = ClientLink.Output()
        guard let limit = deadline, limit <= now else { return output }
        deadline = nil
        guard isPolling else {
            // Only a pause ends without a poll.
            state == .open ? poll(&output, now) : paused(&output, now)
            return output
        }
        // What has begun does not go on: it was cut off, or noise that looked like a frame.
        take(isSilent: true, &output, now)
        guard isPolling, deadline == nil, state != .closed else { return output }
        isPolling = false
        switch state {
        case .settingUp: setUpUnanswered(&output, now)
        case .resetting: disconnected(now: now, &output)
        case .releasing where attempts == 0 && settings.retries > 0:
            attempts = 1
            sendCommand(.disconnect, &output, now)
        case .releasing: disconnected(now: now, &output)
        case .open: recover(&output, now)
        case .idle, .closed: break
        }
        return output
    }

    private mutating func setUpUnanswered(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        guard attempts <= settings.retries else { return fail(.silence, &output) }
        // Half of the attempts go without parameters, which some meters do not answer to.
        if attempts * 2 > settings.retries { offersParameters = false }
        hasReset ? setUp(&output, now) : reset(&output, now)
    }

    /// Asks what the server has got, and every other time sends it again.
    private mutating func recover(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        attempts += 1
        mayAnswerLate = true
        guard attempts <= settings.retries else { return fail(.silence, &output) }
        guard attempts % 2 == 0, queue.hasUnacknowledged, !isServerBusy else { return poll(&output, now) }
        queue.rewind()
        takeTurn(&output, now)
    }
}
