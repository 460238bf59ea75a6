// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The lowest layer of a client: turns APDUs into the octets of a transport and back.
///
/// Links that need a dialogue of their own (HDLC) open before the first APDU, keep time, and are taken leave of.
enum ClientLink: Sendable {
    /// IEC 62056-47: nothing to be opened.
    case wrapper(WrapperLink)
    /// IEC 62056-46.
    indirect case hdlc(HDLCClientLink)
    /// IEC 62056-21 mode E: what comes before HDLC, and how HDLC is set up then.
    indirect case signingOn(TextSignOn, HDLCLinkSettings, longest: Int)
    /// Left before it was open, or no link for APDUs.
    case left

    /// What is to be done with the transport.
    enum Command: Hashable, Sendable {
        /// Send octets.
        case send([UInt8])
        /// Change the format of the line when all octets have left.
        case setLine(LineFormat)
    }

    /// Why a link cannot be used any more.
    enum Fault: Hashable, Sendable {
        /// The octets from the server cannot be cut into frames.
        case octets(DecodeError)
        /// The server did not answer, however often it was asked.
        case silence
        /// The server refused or broke the link.
        case link(EngineError.LinkFault)
        /// The server could not be told to go on with HDLC.
        case signOn(EngineError)
    }

    /// What a layer wants done after an event.
    struct Output: Hashable, Sendable {
        /// What is to be done with the transport, in this order.
        var commands: [Command] = []
        /// Complete APDUs, never empty ones.
        var apdus: [[UInt8]] = []
        /// APDUs that cannot be an answer, never empty ones.
        var unsolicited: [[UInt8]] = []
        /// Whether something of use came, even if it is not complete.
        var hasProgressed = false
        /// Why the link is of no use after the APDUs.
        var fault: Fault?
    }

    /// - Parameters:
    ///   - settings: framing and addresses.
    ///   - longest: the most octets of an APDU that are put together of frames.
    init(_ settings: LinkSettings, longest: Int) {
        switch settings {
        case .wrapper(let clientPort, let serverPort):
            self = .wrapper(WrapperLink(localPort: clientPort, remotePort: serverPort))
        case .hdlc(let settings):
            if let optical = settings.signOn {
                self = .signingOn(TextSignOn(optical.signOn, .hdlc(optical)), settings, longest: longest)
            } else {
                self = .hdlc(HDLCClientLink(settings, longest: longest))
            }
        case .text: self = .left
        }
    }

    /// Whether the link has to be opened and left, and keeps time.
    var hasDialogue: Bool {
        switch self {
        case .wrapper: false
        case .hdlc, .signingOn, .left: true
        }
    }

    /// Whether the server is still asked to identify itself and to change to HDLC.
    var isSigningOn: Bool {
        if case .signingOn = self { true } else { false }
    }

    /// Whether APDUs may be sent.
    var isOpen: Bool {
        switch self {
        case .wrapper: true
        case .hdlc(let link): link.state == .open
        case .signingOn, .left: false
        }
    }

    /// Whether the link was left or has failed.
    var isClosed: Bool {
        switch self {
        case .wrapper, .signingOn: false
        case .hdlc(let link): link.state == .closed
        case .left: true
        }
    }

    /// When ``deadlineReached(now:)`` is to be called; nil = never.
    var deadline: ContinuousClock.Instant? {
        switch self {
        case .wrapper, .left: nil
        case .hdlc(let link): link.deadline
        case .signingOn(let signOn, _, _): signOn.deadline
        }
    }

    /// The transport is connected.
    mutating func connected(now: ContinuousClock.Instant) -> Output {
        switch self {
        case .wrapper, .hdlc: changed { $0.connected(now: now) }
        case .signingOn: signOn(now: now) { $0.begin(now: now) }
        case .left: Output(fault: .signOn(.notReady))
        }
    }

    /// Sends APDUs, at once or when it may.
    mutating func send(_ apdus: [[UInt8]], now: ContinuousClock.Instant) -> Output {
        if case .wrapper(let link) = self { return Output(commands: apdus.map { .send(link.frame($0)) }) }
        return changed { $0.send(apdus, now: now) }
    }

    /// Takes octets of the transport, in whatever pieces they come.
    mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> Output {
        if case .wrapper(var link) = self {
            defer { self = .wrapper(link) }
            let (apdus, fault) = link.received(octets)
            return Output(apdus: apdus, hasProgressed: link.isReceiving, fault: fault.map { .octets($0) })
        }
        if case .signingOn = self { return signOn(now: now) { $0.received(octets, now: now) } }
        return changed { $0.received(octets, now: now) }
    }

    /// Tells whether somebody waits for an answer of the server, so that it has to be asked for one.
    mutating func awaits(_ isAwaiting: Bool, now: ContinuousClock.Instant) -> Output {
        changed { $0.awaits(isAwaiting, now: now) }
    }

    /// The instant in ``deadline`` has come.
    mutating func deadlineReached(now: ContinuousClock.Instant) -> Output {
        if case .signingOn = self { return signOn(now: now) { $0.deadlineReached(now: now) } }
        return changed { $0.deadlineReached(now: now) }
    }

    /// Takes leave of the server; ``isClosed`` tells when that is done.
    mutating func release(now: ContinuousClock.Instant) -> Output {
        if case .signingOn(let signOn, _, _) = self {
            self = .left
            return Output(commands: signOn.restoration)
        }
        return changed { $0.release(now: now) }
    }

    /// The transport is gone.
    mutating func connectionClosed() {
        _ = changed { link in
            link.connectionClosed()
            return Output()
        }
    }

    /// Lets something happen to the sign-on; when it is over, HDLC is set up.
    private mutating func signOn(
        now: ContinuousClock.Instant,
        _ change: (inout TextSignOn) -> TextSignOn.Output
    ) -> Output {
        guard case .signingOn(var signOn, var settings, let longest) = self else { return Output() }
        let output = change(&signOn)
        self = .signingOn(signOn, settings, longest: longest)
        switch output.outcome {
        case nil: return Output(commands: output.commands)
        case .failed(let error): return Output(commands: output.commands, fault: .signOn(error))
        case .dataFollow: return Output(commands: output.commands, fault: .signOn(.text(.noHDLC)))
        case .selected:
            settings.line = signOn.line.format
            self = .hdlc(HDLCClientLink(settings, longest: longest))
            var opened = changed { $0.connected(now: now) }
            opened.commands.insert(contentsOf: output.commands, at: 0)
            return opened
        }
    }

    private mutating func changed(_ change: (inout HDLCClientLink) -> Output) -> Output {
        guard case .hdlc(var link) = self else { return Output() }
        // Given up while it changes, so that what was received is not copied for every frame.
        self = .wrapper(WrapperLink(localPort: 0, remotePort: 0))
        defer { self = .hdlc(link) }
        return change(&link)
    }
}
