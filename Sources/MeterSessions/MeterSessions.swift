// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import MeterTransport

/// The connection manager: carries out requests to any number of meters, one at a time on each channel.
///
/// - Requests wait in their channel's queue, higher priorities first, equals in order of arrival.
/// - An association stays open for a while after the last request. One that uses another association, meter or
///   configuration on the same channel releases it first, because a meter may accept one connection only.
/// - Priority 9 waits for no more than one block of a long read, which is begun again after it.
/// - Equal reads that wait or are in progress are done once for all callers. Each caller has a deadline of its own; what
///   nobody waits for any more is stopped.
/// - A session that the network has dropped is replaced once without failing the request, if the request is a read or
///   certainly was not executed.
public actor MeterSessions {
    /// Limits of the manager.
    public struct Options: Hashable, Sendable {
        /// How many requests may wait for one channel.
        public var queueLimit: Int
        /// How many notifications are kept for who takes them.
        public var notificationLimit: Int

        /// The usual limits.
        public init(queueLimit: Int = 1000, notificationLimit: Int = 1000) {
            self.queueLimit = queueLimit
            self.notificationLimit = notificationLimit
        }
    }

    let network: MeterNetwork
    let clock: SessionClock
    /// Keeps the invocation counters of protected associations.
    let custody: (any CounterCustody)?
    /// What meters send without having been asked, for one taker; the oldest are lost when nobody takes them.
    public nonisolated let notifications: AsyncStream<MeterNotification>
    let notificationSink: AsyncStream<MeterNotification>.Continuation
    private let options: Options
    var channels: [ChannelKey: ChannelState] = [:]
    var meters: [String: MeterRecord] = [:]
    var counts = SessionMetrics()
    private var isDraining = false
    /// Whether the time that shutting down may take is over.
    private(set) var isCutOff = false
    private var nextID: UInt64 = 0

    /// Makes a manager without any connection.
    ///
    /// - Parameters:
    ///   - network: the event loops.
    ///   - custody: keeps invocation counters; without it no protected association can be opened.
    ///   - options: limits.
    ///   - clock: the time.
    public init(
        network: MeterNetwork,
        custody: (any CounterCustody)? = nil,
        options: Options = Options(),
        clock: SessionClock = .continuous
    ) {
        self.network = network
        self.custody = custody
        self.options = options
        self.clock = clock
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
        let id = makeID()
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
                let work = PendingWork(
                    route: route,
                    request: request,
                    settings: settings,
                    priority: priority,
                    pacing: pacing,
                    onBlock: onBlock
                )
                enqueue(work, waiter)
            }
        } onCancel: {
            // A cancellation handler cannot wait for the actor.
            Task { await self.leave(id, route.channel) }
        }
        return try result.get()
    }

    /// How things stand with a meter.
    public func status(of meter: String) -> MeterLinkStatus {
        var status = MeterLinkStatus()
        guard let record = meters[meter] else { return status }
        status.lastContact = record.lastContact
        status.lastError = record.lastError
        status.lastErrorAt = record.lastErrorAt
        status.association = record.association
        status.learned = record.learnedBehaviour
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
        metrics.openAssociations = channels.values.count { $0.session != nil }
        metrics.queueLength = channels.values.reduce(0) { $0 + $1.waiting.count }
        return metrics
    }

    /// Changes what is known about a meter, such as what a reader of profiles found out; it counts for associations to come.
    ///
    /// Nothing happens for a meter that was never talked to.
    public func learn(about route: MeterRoute, _ change: @Sendable (inout LearnedBehaviour) -> Void) {
        guard var record = meters[route.meter], let settings = route.associations.values.first else { return }
        var learned = record.learned(route.revision, settings)
        change(&learned)
        record.learn(learned, route.revision)
        meters[route.meter] = record
    }

    /// Forgets what was learned about a meter, so that it is found out anew.
    public func forgetLearned(of meter: String) {
        meters[meter]?.forgetLearned()
    }

    /// Forgets what is remembered of a meter, and releases its association, because it was removed.
    public func forget(meter: String) {
        guard let record = meters.removeValue(forKey: meter) else { return }
        releaseSession(of: meter, record.channel)
    }

    /// Releases the association that a meter has on a channel that it does not use any more.
    private func releaseSession(of meter: String, _ key: ChannelKey) {
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
            for work in channel.waiting.remove(where: { _ in true }) { end(work, channel, with: .draining) }
            channel.isToBeReleased = true
            startRunner(channel)
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
    }

    func makeID() -> UInt64 {
        nextID += 1
        return nextID
    }

    private func enqueue(_ work: PendingWork, _ waiter: PendingWork.Waiter) {
        guard !isDraining else { return waiter.continuation.resume(returning: .failure(.draining)) }
        guard waiter.deadline > clock.now() else {
            return waiter.continuation.resume(returning: .failure(.deadlinePassed(.queued, .notSent)))
        }
        let channel = channel(work.route)
        if let key = work.key, let equal = channel.joinable[key] {
            join(equal, channel, waiter, work.priority)
        } else {
            guard channel.waiting.count < options.queueLimit else {
                return waiter.continuation.resume(returning: .failure(.queueFull(limit: options.queueLimit)))
            }
            work.waiters = [waiter]
            if let key = work.key { channel.joinable[key] = work }
            channel.waiting.append(work, priority: work.priority)
            startRunner(channel)
            if work.priority >= PriorityLanes<PendingWork>.highest { makeWay(channel) }
        }
        schedule(channel)
    }

    /// Ends a less urgent read in progress at its next answer, so that an order waits for one block at most.
    private func makeWay(_ channel: ChannelState) {
        guard let running = channel.running, running.priority < PriorityLanes<PendingWork>.highest,
            running.isInterruptible
        else { return }
        running.interruptions += 1
        running.isInterrupted = true
        channel.session?.connection.interrupt()
    }

    private func join(
        _ work: PendingWork,
        _ channel: ChannelState,
        _ waiter: PendingWork.Waiter,
        _ priority: UInt8
    ) {
        var waiter = waiter
        waiter.isOrigin = false
        work.waiters.append(waiter)
        counts.sharedReads += 1
        guard priority > work.priority else { return }
        work.priority = priority
        for moved in channel.waiting.remove(where: { $0 === work }) {
            channel.waiting.append(moved, priority: priority)
        }
    }

    private func channel(_ route: MeterRoute) -> ChannelState {
        let channel = channels[route.channel] ?? ChannelState(route.channel)
        channels[route.channel] = channel
        if let before = meters[route.meter]?.channel, before != route.channel {
            releaseSession(of: route.meter, before)
        }
        meters[route.meter, default: MeterRecord(channel: route.channel)].channel = route.channel
        return channel
    }

    /// A caller's task was cancelled.
    private func leave(_ waiter: UInt64, _ key: ChannelKey) {
        guard let channel = channels[key] else { return }
        for work in channel.works {
            guard let index = work.waiters.firstIndex(where: { $0.id == waiter }) else { continue }
            let left = work.waiters.remove(at: index)
            left.continuation.resume(returning: .failure(.cancelled(work.transmission)))
            stopIfUnwanted(work, channel)
            return
        }
    }

    /// Stops work that nobody waits for.
    func stopIfUnwanted(_ work: PendingWork, _ channel: ChannelState) {
        guard work.waiters.isEmpty else { return }
        if let key = work.key, channel.joinable[key] === work { channel.joinable[key] = nil }
        _ = channel.waiting.remove { $0 === work }
        work.stop?()
    }

    private func cutOff() async {
        isCutOff = true
        for channel in channels.values {
            channel.running?.stop?()
            await channel.session?.connection.close()
        }
    }
}
