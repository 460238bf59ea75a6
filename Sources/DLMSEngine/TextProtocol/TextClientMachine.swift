// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity

/// The client's side of the text protocol of IEC 62056-21, without any input or output of its own.
///
/// It is driven as a ``ClientMachine`` is, with the same actions. There is no association: the machine is ready as soon
/// as it is connected, and greets the meter with the first request. Readouts are sessions of their own; the session of
/// the programming mode goes on while requests follow.
///
/// ```
///  idle ─connected─► ready ─perform─► (pausing) ─► signingOn ─► receivingData ─► ready
///                      ▲                               │
///                      │ session ended                 └─► enteringProgramming ─► givingPassword
///                      │                                               │             │
///                      └───────────── programming ◄─ exchanging ◄──────┴─────────────┘
/// ```
///
/// What goes wrong ends the session: the meter is told so (B0), and the line goes back to the speed at which sessions begin.
public struct TextClientMachine: Sendable {
    /// Makes the answer to the operand of a meter that wants an encrypted password (P2); nil when it cannot.
    public typealias PasswordEncryption = @Sendable (_ operand: [UInt8], _ password: Secret) -> [UInt8]?

    enum State: Sendable {
        case idle
        /// Connected, and no session.
        case ready
        /// The meter is left alone before the next session.
        case pausing
        case signingOn(TextSignOn)
        /// For what the meter sends by itself.
        case listening
        case receivingData(IdentificationMessage)
        case enteringProgramming(IdentificationMessage)
        case givingPassword
        /// In a session of the programming mode, between commands.
        case programming
        case exchanging(Exchange)
        /// The caller has left; what the meter still sends is dropped.
        case draining(until: ContinuousClock.Instant)
        case closed
    }

    /// A request in progress.
    struct Order: Sendable {
        var request: TextRequest
        /// When it has to be done as a whole.
        var deadline: ContinuousClock.Instant?
        var results: [TextReadResult] = []
        /// Whether it ends with the next answer, complete or not.
        var isInterrupted = false
    }

    let settings: AssociationSettings
    let link: TextLinkSettings
    let encryption: PasswordEncryption?
    var state = State.idle
    var line: TextLine
    /// Nil when nobody waits for what is in progress.
    var order: Order?
    /// When the wait of the state ends.
    var wait: ContinuousClock.Instant?
    /// What was sent last, to be repeated if the meter did not understand it.
    var message: TextMessage?
    /// How often a message was asked for or sent again.
    var repeats = 0
    /// Whether something came damaged since the last message was sent.
    var isDamaged = false
    /// The content of the partial blocks that came so far.
    var content: [UInt8] = []
    /// When the session was used last.
    var lastUse: ContinuousClock.Instant?
    /// Whether the meter may be in a session that has to be ended.
    var hasSession = false
    /// When the next session may begin.
    var nextSession: ContinuousClock.Instant?
    private var announced: ContinuousClock.Instant?

    /// How long a meter has to be silent until it is taken to have ended what nobody wants: longer than it waits for an
    /// option before it begins with its data.
    static let drainSilence = Duration.milliseconds(2500)
    /// How long a meter is waited for that goes on sending.
    static let drainLimit = Duration.seconds(180)

    /// Makes a machine that has no connection yet.
    ///
    /// - Parameters:
    ///   - settings: the secret of the authentication is the password; time-outs are those of `link`.
    ///   - link: how to talk to the meter.
    ///   - encryption: makes encrypted passwords.
    public init(settings: AssociationSettings, link: TextLinkSettings, encryption: PasswordEncryption? = nil) {
        self.settings = settings
        self.link = link
        self.encryption = encryption
        line = TextLine(link.signOn, side: .client)
    }

    /// Nothing is agreed in the text protocol.
    public var info: AssociationInfo { AssociationInfo(conformance: [], serverMaxReceivePDUSize: 0) }

    /// The text protocol has no invocation counters.
    public var countersToOpen: Int { 0 }

    /// Whether a request may be made now.
    public var isReady: Bool {
        switch state {
        case .ready, .programming: true
        case .idle, .pausing, .signingOn, .listening, .receivingData, .enteringProgramming, .givingPassword,
            .exchanging, .draining, .closed:
            false
        }
    }

    /// Whether something that the caller does not want any more is still on its way.
    public var isAbandoning: Bool {
        switch state {
        case .draining: true
        case .exchanging: order == nil
        case .idle, .ready, .pausing, .signingOn, .listening, .receivingData, .enteringProgramming, .givingPassword,
            .programming, .closed:
            false
        }
    }

    /// The transport is connected.
    public mutating func connected(
        now: ContinuousClock.Instant,
        randomness: AssociationRandomness? = nil
    ) -> [ClientAction] {
        guard case .idle = state else { return [] }
        state = .ready
        return [.associated(info)]
    }

    /// Somebody wants a request done, see ``ClientMachine/perform(_:deadline:streams:now:)``; nothing is streamed.
    public mutating func perform(
        _ request: ServiceRequest,
        deadline: ContinuousClock.Instant? = nil,
        streams: Bool = false,
        now: ContinuousClock.Instant
    ) -> [ClientAction] {
        guard isReady else { return [.failed(.notReady)] }
        guard case .text(let request) = request else { return [.failed(.serviceNotAgreed(request.service))] }
        order = Order(request: request, deadline: deadline)
        return settled(begin(request, now: now))
    }

    /// Octets came from the meter.
    public mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .idle, .ready, .pausing, .programming, .closed: return []
        case .signingOn(var signOn):
            let output = signOn.received(octets, now: now)
            return settled(follow(output, signOn, now: now))
        case .draining(let limit):
            wait = min(now + Self.drainSilence, limit)
            return settled([])
        case .listening:
            line.received(octets)
            return settled(readMessages(now: now))
        case .receivingData, .enteringProgramming, .givingPassword, .exchanging:
            line.received(octets)
            wait = now + link.signOn.characterTimeout
            return settled(readMessages(now: now))
        }
    }

    /// The time given by the last ``ClientAction/deadline(_:)`` has come.
    public mutating func deadlineReached(now: ContinuousClock.Instant) -> [ClientAction] {
        announced = nil
        if let limit = order?.deadline, limit <= now {
            return settled(fail(.timeout(waitingFor: awaited), now: now))
        }
        if case .signingOn(var signOn) = state {
            let output = signOn.deadlineReached(now: now)
            return settled(follow(output, signOn, now: now))
        }
        guard let wait, wait <= now else { return settled([]) }
        self.wait = nil
        return settled(waitEnded(now: now))
    }

    /// The caller does not want the request in progress any more; what the meter still sends is waited for and dropped.
    public mutating func cancel(now: ContinuousClock.Instant) -> [ClientAction] {
        guard order != nil else { return [] }
        order = nil
        switch state {
        case .pausing, .listening:
            state = .ready
            wait = nil
        case .signingOn, .receivingData, .enteringProgramming, .givingPassword:
            if case .signingOn(let signOn) = state { line = signOn.line }
            state = .draining(until: now + Self.drainLimit)
            wait = now + Self.drainSilence
        // Its answer comes soon.
        case .exchanging: break
        case .idle, .ready, .programming, .draining, .closed: break
        }
        return settled([.failed(.cancelled)])
    }

    /// Something more urgent waits: a list of reads ends with the answer on its way, see ``ClientMachine/interrupt(endsStream:)``.
    public mutating func interrupt(endsStream: Bool = false) {
        guard case .exchanging = state, case .read = order?.request else { return }
        order?.isInterrupted = true
    }

    /// The session is to be ended, and the connection closed.
    public mutating func release(now: ContinuousClock.Instant) -> [ClientAction] {
        switch state {
        case .closed: return []
        case .idle, .ready, .pausing, .signingOn, .listening, .receivingData, .enteringProgramming, .givingPassword,
            .programming, .exchanging, .draining:
            let cancelled: [ClientAction] = order == nil ? [] : [.failed(.cancelled)]
            let ended = endSession(now: now)
            close()
            return settled(cancelled + ended + [.released, .close])
        }
    }

    /// The connection ended, by whatever side.
    public mutating func connectionClosed() -> [ClientAction] {
        let error = EngineError.connectionClosed(waitingFor: awaited)
        let isAwaited = order != nil
        close()
        return settled(isAwaited ? [.failed(error)] : [])
    }

    /// The text protocol has no invocation counters.
    public mutating func countersReserved(_ counters: Range<UInt64>, now: ContinuousClock.Instant) -> [ClientAction] {
        []
    }

    /// The text protocol has no invocation counters.
    public mutating func countersRefused(_ refusal: CounterRefusal, now: ContinuousClock.Instant) -> [ClientAction] {
        []
    }

    mutating func close() {
        state = .closed
        order = nil
        wait = nil
        hasSession = false
    }

    /// Adds the deadline to what an event comes to if it has changed.
    private mutating func settled(_ actions: [ClientAction]) -> [ClientAction] {
        var next = wait
        if case .signingOn(let signOn) = state { next = signOn.deadline }
        if let limit = order?.deadline { next = min(next ?? limit, limit) }
        guard next != announced else { return actions }
        announced = next
        // A caller who is told may use the machine again at once.
        let told = actions.firstIndex { action in
            switch action {
            case .send, .setLine: false
            default: true
            }
        }
        var actions = actions
        actions.insert(.deadline(next), at: told ?? actions.endIndex)
        return actions
    }

    /// What is waited for.
    var awaited: Awaited {
        switch state {
        case .idle, .ready, .pausing, .closed, .programming, .draining: .identification
        case .signingOn(let signOn): signOn.awaited
        case .listening: .telegram
        case .receivingData: .readout
        case .enteringProgramming: .programmingMode
        case .givingPassword: .passwordAnswer
        case .exchanging(let exchange): content.isEmpty ? exchange.awaited : .getBlock
        }
    }
}
