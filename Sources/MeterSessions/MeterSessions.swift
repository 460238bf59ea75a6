// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import MeterTransport

/// The connection manager: carries out requests to any number of meters, one at a time on each channel.
///
/// - Requests wait in their channel's queue, higher priorities first; callers with equal ones take turns.
/// - Channels of a group are active only so many at once, and connect only so fast.
/// - An association stays open for a while after the last request. One that uses another association, meter or
///   configuration on the same channel releases it first, because a meter may accept one connection only.
/// - Priority 9 waits for no more than one block of a long read, which is begun again after it, or ends for its caller
///   to go on.
/// - A meter that does not answer, and a line that cannot be opened, are left alone for a while. The meters beside it on
///   the line are read on.
/// - Equal reads that wait or are in progress are done once for all callers. Each caller has a deadline of its own; what
///   nobody waits for any more is stopped.
/// - A session that the network has dropped is replaced once without failing the request, if the request is a read or
///   certainly was not executed.
/// - Operators hold, drain and watch channels.
public actor MeterSessions {
    /// Limits of the manager.
    public struct Options: Hashable, Sendable {
        /// How many requests may wait for one channel.
        public var queueLimit: Int
        /// How many notifications are kept for who takes them.
        public var notificationLimit: Int
        /// How many connections may begin in a second on all channels together, above 0; nil sets no limit.
        public var maxConnectionsPerSecond: Double?
        /// When meters and lines that fail are left alone, unless a route says otherwise.
        public var breaker: BreakerPolicy

        /// The usual limits.
        public init(
            queueLimit: Int = 1000,
            notificationLimit: Int = 1000,
            maxConnectionsPerSecond: Double? = nil,
            breaker: BreakerPolicy = BreakerPolicy()
        ) {
            self.queueLimit = queueLimit
            self.notificationLimit = notificationLimit
            self.maxConnectionsPerSecond = maxConnectionsPerSecond
            self.breaker = breaker
        }
    }

    let network: MeterNetwork
    /// Who watches what goes over the lines to meters.
    let traces = TraceHub()
    let clock: SessionClock
    /// Keeps the invocation counters of protected associations.
    let custody: (any CounterCustody)?
    /// Tells which lines may be used; nil = all.
    let tenure: (any LineTenure)?
    /// What meters send without having been asked, for one taker; the oldest are lost when nobody takes them.
    public nonisolated let notifications: AsyncStream<MeterNotification>
    let notificationSink: AsyncStream<MeterNotification>.Continuation
    let options: Options
    /// Draws a number from 0 up to 1.
    let chance: @Sendable () -> Double
    /// Channels with anything to do or a connection.
    var channels: [ChannelKey: ChannelState] = [:]
    /// What is remembered of channels.
    var channelRecords: [ChannelKey: ChannelRecord] = [:]
    /// What operators want of channels.
    var controls: [ChannelKey: ChannelStatus.Control] = [:]
    /// The latest turn of who told all of them.
    var controlTurn: UInt64 = 0
    var groups: [String: ChannelGroupState] = [:]
    /// The limit on new connections of all channels together.
    var gate: ConnectionGate
    /// Lines that failed when they were opened last.
    var lineBreakers: [MeterMedium: Breaker] = [:]
    /// How many meters have a pause.
    var pausedMeters = 0
    var meters: [String: MeterRecord] = [:]
    var counts = SessionMetrics()
    /// What has to be woken.
    var wakes = WakeQueue<WakeReason>()
    var timer: Task<Void, Never>?
    var timerInstant: ContinuousClock.Instant?
    private(set) var isDraining = false
    /// Whether the time that shutting down may take is over.
    private(set) var isCutOff = false
    private var nextID: UInt64 = 0

    /// Makes a manager without any connection.
    ///
    /// - Parameters:
    ///   - network: the event loops.
    ///   - custody: keeps invocation counters; without it no protected association can be opened.
    ///   - tenure: tells which lines may be used; nil = all.
    ///   - options: limits.
    ///   - clock: the time.
    ///   - chance: draws a number from 0 up to 1, for the lengths of pauses.
    public init(
        network: MeterNetwork,
        custody: (any CounterCustody)? = nil,
        tenure: (any LineTenure)? = nil,
        options: Options = Options(),
        clock: SessionClock = .continuous,
        chance: @escaping @Sendable () -> Double = { .random(in: 0..<1) }
    ) {
        self.network = network
        self.custody = custody
        self.tenure = tenure
        self.options = options
        self.clock = clock
        self.chance = chance
        gate = ConnectionGate(rate: ConnectionRate(perSecond: options.maxConnectionsPerSecond))
        (notifications, notificationSink) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(options.notificationLimit)
        )
    }

    /// Carries out a request.
    ///
    /// - Parameters:
    ///   - request: what to do, in which association.
    ///   - route: how to reach the meter.
    ///   - deadline: when the caller stops waiting.
    ///   - priority: 0 to 9, 9 goes first.
    ///   - pacing: slows the meter down when the taker of the parts lags behind.
    ///   - onBlock: takes the value of a GET of one attribute in parts as they come; such a read is not shared.
    /// - Throws: `SessionError`, which tells whether the meter may have got the request.
    public func perform(
        _ request: SessionRequest,
        on route: MeterRoute,
        deadline: ContinuousClock.Instant,
        priority: UInt8 = 5,
        pacing: StreamPacing? = nil,
        onBlock: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws(SessionError) -> SessionAnswer {
        guard let settings = route.associations[request.association] else {
            throw .unknownAssociation(request.association)
        }
        return try await submit(
            PendingWork(
                route: route,
                request: request,
                settings: settings,
                priority: priority,
                pacing: pacing,
                onBlock: onBlock
            ),
            deadline: deadline
        )
    }

    /// Puts a piece of work into the queue of its channel and waits for what comes of it.
    func submit(
        _ work: PendingWork,
        deadline: ContinuousClock.Instant
    ) async throws(SessionError) -> SessionAnswer {
        let id = makeID()
        let channel = work.route.channel
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<SessionAnswer, SessionError>, Never>) in
                let waiter = PendingWork.Waiter(
                    id: id,
                    deadline: deadline,
                    since: clock.now(),
                    isOrigin: true,
                    continuation: continuation
                )
                guard !Task.isCancelled else { return continuation.resume(returning: .failure(.cancelled(.notSent))) }
                enqueue(work, waiter)
            }
        } onCancel: {
            // A cancellation handler cannot wait for the actor.
            Task { await self.leave(id, channel) }
        }
        return try result.get()
    }

    /// How things stand with a meter.
    public func status(of meter: String) -> MeterLinkStatus {
        var status = MeterLinkStatus()
        guard let record = meters[meter] else { return status }
        status.lastContact = record.lastContact
        status.lastError = record.lastFailure?.failure.error
        status.lastErrorAt = record.lastFailure?.failure.instant
        status.association = record.association
        status.learned = record.learnedBehaviour
        if let breaker = record.breaker { status.breaker = BreakerStatus(breaker, now: clock.now()) }
        status.exchanges = record.exchanges
        status.failures = record.failures
        status.connections = record.connections
        status.octetsSent = record.ended.octetsSent
        status.octetsReceived = record.ended.octetsReceived
        guard let channel = channels[record.channel] else { return status }
        status.queueLength = channel.waiting.elements.count { $0.route.meter == meter }
        if let session = channel.session, session.meter == meter, session.connection.isOpen {
            let counters = session.connection.counters
            status.state = .associated
            status.openAssociation = session.association
            status.openSince = session.since
            status.octetsSent += counters.octetsSent
            status.octetsReceived += counters.octetsReceived
        }
        if let running = channel.running, running.route.meter == meter {
            status.state = running.stage == .connecting ? .connecting : .busy
        }
        return status
    }

    /// Counts since the start, and how things stand now.
    public func metrics() -> SessionMetrics {
        var metrics = counts
        metrics.channels = channels.count
        metrics.openBreakers = pausedMeters + lineBreakers.values.count { $0.pauses > 0 }
        metrics.controlledChannels = controls.count
        metrics.activeInGroups = groups.values.reduce(0) { $0 + $1.active.count }
        metrics.waitingForGroups = groups.values.reduce(0) { $0 + $1.waiting.count }
        return metrics
    }

    /// Changes what is known about a meter, such as what a reader of profiles found out; it counts for associations to come.
    ///
    /// Nothing happens for a meter that was never talked to.
    public func learn(about route: MeterRoute, _ change: @Sendable (inout LearnedBehaviour) -> Void) {
        guard let record = meters[route.meter], let settings = route.associations.values.first else { return }
        var learned = record.learned(route.revision, settings)
        change(&learned)
        record.learn(learned, route.revision)
    }

    /// Forgets what was learned about a meter, so that it is found out anew.
    public func forgetLearned(of meter: String) {
        meters[meter]?.forgetLearned()
    }

    /// Forgets what is remembered of a meter, and releases its association, because it was removed.
    public func forget(meter: String) {
        guard let record = meters.removeValue(forKey: meter) else { return }
        if let breaker = record.breaker, breaker.pauses > 0 { pausedMeters -= 1 }
        releaseSession(of: meter, record.channel)
    }

    /// Releases the association that is open with a meter, after what is in progress and what waits for it.
    public func release(meter: String) {
        if let record = meters[meter] { releaseSession(of: meter, record.channel) }
    }

    /// Releases the association that a meter has on a channel.
    func releaseSession(of meter: String, _ key: ChannelKey) {
        guard let channel = channels[key], channel.session?.meter == meter else { return }
        channel.isToBeReleased = true
        startRunner(channel)
    }

    /// Takes no more requests, fails those that wait, lets those in progress end, and releases all associations.
    ///
    /// - Parameter limit: what is not done after this is cut off.
    public func shutdown(within limit: Duration = .seconds(10)) async {
        isDraining = true
        for channel in channels.values {
            for work in withdraw(channel, where: { _ in true }) { end(work, channel, with: .draining) }
            channel.isToBeReleased = true
            startRunner(channel)
            removeIfUnused(channel)
        }
        let end = clock.now() + limit
        let cutOff = Task {
            try await clock.sleep(end)
            await self.cutOff()
        }
        for runner in channels.values.compactMap(\.runner) {
            await runner.value
        }
        cutOff.cancel()
        timer?.cancel()
    }

    func makeID() -> UInt64 {
        nextID += 1
        return nextID
    }

    private func cutOff() async {
        isCutOff = true
        for channel in channels.values {
            channel.running?.stop?()
            await channel.session?.connection.close()
            await channel.line?.close()
        }
    }
}
