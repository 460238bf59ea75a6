// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The client's side of an HDLC link in normal response mode (IEC 62056-46 §6.4).
///
/// Only the client begins: each poll (P = 1) lets the server send until its final frame (F = 1), then it is the client's
/// turn again.
///
/// ```
///  idle ─connected─► settingUp ─UA─► open ─release─► releasing ─UA, DM, silence─► closed
///                     │    ▲                                                        ▲
///       DM, silence,  ▼    │ UA, DM, silence, pause                      no answer, DM, FRMR
///       stale link   resetting
/// ```
///
/// What was not answered is asked for by RR, whose answer tells what has to be sent again, then sent again itself.
struct HDLCClientLink: Sendable {
    enum State: Hashable, Sendable {
        case idle
        /// DISC was sent, SNRM follows whatever it is answered with.
        case resetting
        /// SNRM was sent.
        case settingUp
        /// UA has come.
        case open
        /// DISC was sent, and is the end.
        case releasing
        case closed
    }

    let settings: HDLCLinkSettings
    var state = State.idle
    /// What holds on the link.
    var limits = HDLCLimits.standard
    var queue = HDLCSendQueue()
    var receiver: HDLCReceiver
    /// Parts of a message outside of the numbering.
    var unnumbered = HDLCInformationReassembler()
    var stream = HDLCReassembler()
    /// Whether a frame with the poll bit was sent whose answer has not ended.
    var isPolling = false
    /// Whether the server said that it cannot take more now.
    var isServerBusy = false
    /// Whether the answer to a poll that was repeated may still come, and be taken for that to a later one.
    var mayAnswerLate = false
    /// How often what is waited for was asked for without any progress.
    var attempts = 0
    /// How long to wait before the server is asked once more for something that it has not ready.
    var pollDelay = Duration.zero
    /// How often the server was asked since it last sent anything new.
    var emptyPolls = 0
    /// Whether SNRM offers parameters.
    var offersParameters: Bool
    /// Whether a link that may have been left from before was ended.
    var hasReset = false
    /// Whether the line hands back what is sent.
    var isEchoing = false
    /// The last frame that only a client sends, which tells an echoing line.
    var lastCommand: HDLCFrame?
    /// When ``deadlineReached(now:)`` is to be called.
    var deadline: ContinuousClock.Instant?

    /// The longest wait between two polls of a server that has nothing ready.
    static let longestPollDelay = Duration.seconds(1)
    /// The most polls without anything new, which at the longest delay last some minutes.
    static let mostEmptyPolls = 300

    /// - Parameter longest: the most octets of an APDU that are put together.
    init(_ settings: HDLCLinkSettings, longest: Int) {
        self.settings = settings
        receiver = HDLCReceiver(longest: longest + LLCHeader.length)
        offersParameters = settings.limits != nil
    }

    /// The client's address.
    var address: HDLCAddress { HDLCAddress(client: settings.client) }

    /// The transport is connected: the link is set up.
    mutating func connected(now: ContinuousClock.Instant) -> ClientLink.Output {
        guard case .idle = state else { return ClientLink.Output() }
        var output = ClientLink.Output()
        if settings.disconnectsFirst {
            reset(&output, now)
        } else {
            setUp(&output, now)
        }
        return output
    }

    /// Sends APDUs as soon as it is the client's turn.
    mutating func send(_ apdus: [[UInt8]], now: ContinuousClock.Instant) -> ClientLink.Output {
        var output = ClientLink.Output()
        guard case .open = state else { return output }
        for apdu in apdus {
            queue.append(
                HDLCInformationReassembler.Message(header: .command, apdu: apdu),
                longest: limits.informationTransmit
            )
        }
        pollDelay = .zero
        emptyPolls = 0
        if !isPolling { takeTurn(&output, now) }
        return output
    }

    /// Tells whether somebody waits for an answer; then the server is asked for it in the client's turn.
    mutating func awaits(_ isAwaiting: Bool, now: ContinuousClock.Instant) -> ClientLink.Output {
        var output = ClientLink.Output()
        guard case .open = state, !isPolling, queue.isEmpty else { return output }
        guard isAwaiting else {
            deadline = nil
            return output
        }
        if deadline == nil { pollSoon(&output, now) }
        return output
    }

    /// Ends the link; the output tells when that is done.
    mutating func release(now: ContinuousClock.Instant) -> ClientLink.Output {
        var output = ClientLink.Output()
        switch state {
        case .idle, .closed: state = .closed
        case .resetting, .settingUp, .open:
            state = .releasing
            attempts = 0
            sendCommand(.disconnect, &output, now)
        case .releasing: break
        }
        return output
    }

    /// The transport is gone.
    mutating func connectionClosed() {
        state = .closed
        deadline = nil
    }

    // MARK: Setting up

    /// Sends SNRM.
    mutating func setUp(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        state = .settingUp
        attempts += 1
        let block = offersParameters ? settings.limits.map { HDLCParameterBlock($0).octets } : nil
        sendCommand(.setNormalResponseMode, information: block ?? [], &output, now)
    }

    /// Sends DISC, because a link may be left from before.
    mutating func reset(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        state = .resetting
        hasReset = true
        sendCommand(.disconnect, &output, now)
    }

    /// The server refused SNRM: perhaps because of parameters, perhaps because of a link from before.
    mutating func setUpRefused(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        guard offersParameters || !hasReset else { return fail(.link(.refused), &output) }
        offersParameters = false
        hasReset ? setUp(&output, now) : reset(&output, now)
    }

    /// The server agreed to SNRM.
    mutating func established(_ frame: HDLCFrame, _ output: inout ClientLink.Output) {
        let offered = offersParameters ? settings.limits ?? .standard : .standard
        // Observed: answers without information, and with information that is no parameters: nothing is agreed then.
        let answered = (try? HDLCParameterBlock(octets: frame.information))?.limits ?? .standard
        limits = offered.negotiated(with: answered)
        state = .open
        attempts = 0
        isPolling = false
        deadline = nil
        output.hasProgressed = true
    }

    /// DISC was answered or not: the server is left alone for a moment, if it wants that.
    mutating func disconnected(now: ContinuousClock.Instant, _ output: inout ClientLink.Output) {
        isPolling = false
        guard settings.pauseAfterDisconnect > .zero else { return paused(&output, now) }
        deadline = now + settings.pauseAfterDisconnect
    }

    /// The pause after DISC is over.
    mutating func paused(_ output: inout ClientLink.Output, _ now: ContinuousClock.Instant) {
        switch state {
        case .resetting: setUp(&output, now)
        case .releasing:
            state = .closed
            deadline = nil
        case .idle, .settingUp, .open, .closed: break
        }
    }

    mutating func fail(_ fault: ClientLink.Fault, _ output: inout ClientLink.Output) {
        state = .closed
        deadline = nil
        output.fault = fault
    }
}
