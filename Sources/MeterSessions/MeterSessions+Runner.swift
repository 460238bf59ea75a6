// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

extension MeterSessions {
    /// Starts to work on a channel unless that goes on already.
    func startRunner(_ channel: ChannelState) {
        guard channel.runner == nil else { return }
        channel.idleUntil = nil
        // Owned by the channel and waited for by shutdown; it has to outlive the callers, whose reads are shared.
        channel.runner = Task { await self.run(channel.key) }
    }

    /// Takes a request out of everybody's sight and fails who waits for it.
    func end(_ work: PendingWork, _ channel: ChannelState, with error: SessionError) {
        if let key = work.key, channel.joinable[key] === work { channel.joinable[key] = nil }
        work.fail(error)
    }

    private func run(_ key: ChannelKey) async {
        guard let channel = channels[key] else { return }
        while true {
            while let work = channel.waiting.popFirst() {
                channel.running = work
                await advance(work, channel)
                channel.running = nil
            }
            guard let session = channel.session else { break }
            guard channel.isToBeReleased || session.keepAlive <= .zero || !session.connection.isOpen else { break }
            await closeSession(channel)
        }
        channel.isToBeReleased = false
        channel.runner = nil
        if let session = channel.session {
            channel.idleUntil = clock.now() + session.keepAlive
        } else {
            channels[key] = nil
        }
        schedule(channel)
    }

    /// Does one part of a piece of work; what remains goes back to the front of its lane.
    private func advance(_ work: PendingWork, _ channel: ChannelState) async {
        if work.startedAt == nil { work.startedAt = clock.now() }
        var mayReplace = true
        while !work.waiters.isEmpty {
            guard !isCutOff else { return end(work, channel, with: .draining) }
            let isReused = channel.session?.serves(work) ?? false
            if !isReused {
                await closeSession(channel)
                guard !work.waiters.isEmpty, !isCutOff else { continue }
                if let error = await connect(work, channel) {
                    guard !work.waiters.isEmpty else { break }
                    noteFailure(work, error)
                    return end(work, channel, with: error)
                }
            }
            guard !work.waiters.isEmpty, let session = channel.session else { break }
            if session.mustSettle {
                await session.connection.settled()
                channel.session?.mustSettle = false
                continue
            }
            if !work.isRead { closeToJoiners(channel) }
            switch await exchange(work, session) {
            case .success(let done):
                channel.session?.info = done.info
                work.isInterrupted = false
                guard let response = work.partDone(done.response) else {
                    work.stage = .queued
                    channel.waiting.prepend(work, priority: work.priority)
                    return
                }
                if let key = work.key, channel.joinable[key] === work { channel.joinable[key] = nil }
                return work.succeed(response, done.info)
            case .failure(let error):
                if error.endsConnection { dropSession(channel) }
                if error.reason == .cancelled { channel.session?.mustSettle = true }
                if error.reason == .cancelled, work.isInterrupted, !work.waiters.isEmpty {
                    work.isInterrupted = false
                    work.stage = .queued
                    channel.waiting.prepend(work, priority: work.priority)
                    return
                }
                if case .engine(.invocationCounterError(let expected)) = error.reason {
                    let fault = await follow(.expected(expected), work, session)
                    // Nothing proves that the refusal is the meter's, so that only reads are repeated.
                    if work.isRead, let fault, !work.waiters.isEmpty {
                        noteFailure(work, .counters(fault))
                        return end(work, channel, with: .counters(fault))
                    }
                    if work.isRead, fault == nil, mayReplace, mayRepeat(work, after: error) {
                        mayReplace = false
                        continue
                    }
                }
                let isListDoubted = learnFromFailure(session)
                if isReused || isListDoubted, mayReplace, error.suggestsLostSession, mayRepeat(work, after: error) {
                    mayReplace = false
                    counts.replacements += 1
                    dropSession(channel)
                    continue
                }
                guard !work.waiters.isEmpty else { break }
                noteFailure(work, .transport(error))
                return end(work, channel, with: .transport(error))
            }
        }
        // Nobody waits any more.
        if let key = work.key, channel.joinable[key] === work { channel.joinable[key] = nil }
    }

    /// Follows a meter that does not take our invocation counter any more; returns why it must not be followed.
    private func follow(
        _ hint: CounterHint,
        _ work: PendingWork,
        _ session: ChannelState.Session
    ) async -> CounterFault? {
        guard let custody, let plan = work.route.counters[session.association] else { return nil }
        do throws(CounterFault) {
            _ = try await custody.follow(hint, for: plan)
            return nil
        } catch {
            return error
        }
    }

    /// Lets nobody join a read of which a part was read before what is about to be changed.
    private func closeToJoiners(_ channel: ChannelState) {
        channel.joinable = channel.joinable.filter { !$0.value.isPartlyDone }
    }

    /// Takes what the failure of a request taught; true when a list was met with silence, so that the request deserves
    /// another try without one.
    private func learnFromFailure(_ session: ChannelState.Session) -> Bool {
        guard let learned = session.connection.learned else { return false }
        meters[session.meter]?.learn(learned, session.revision)
        let before = session.info.learned
        return (learned.readLists == .unanswered && before.readLists != .unanswered)
            || (learned.access == .unanswered && before.access != .unanswered)
    }

    private func mayRepeat(_ work: PendingWork, after error: TransportError) -> Bool {
        work.isRead ? !work.delivery.hasBegun : error.transmission == .notSent
    }

    /// Opens the association that a piece of work needs; returns why it could not be opened.
    private func connect(_ work: PendingWork, _ channel: ChannelState) async -> SessionError? {
        let settings = work.settings(after: meters[work.route.meter]?.naming[work.request.association])
        guard let error = await connect(work, settings, channel) else { return nil }
        guard case .transport(let failure) = error, let other = work.settings(after: failure, settings),
            !work.waiters.isEmpty, !isCutOff
        else { return error }
        return await connect(work, other, channel)
    }

    private func connect(
        _ work: PendingWork,
        _ settings: AssociationSettings,
        _ channel: ChannelState
    ) async -> SessionError? {
        work.stage = .connecting
        let began = clock.now()
        let id = makeID()
        let route = work.route
        var settings = settings
        if let record = meters[route.meter] { settings.learned = record.learned(route.revision, settings) }
        let opener = AssociationOpener(
            route: route,
            settings: settings,
            plan: route.counters[work.request.association],
            custody: custody,
            network: network,
            onUnsolicited: { [notificationSink, clock] message in
                let notification = MeterNotification(meter: route.meter, message: message, receivedAt: clock.now())
                notificationSink.yield(notification)
            },
            onClose: { [weak self] in
                Task { await self?.connectionClosed(id, route.channel) }
            }
        )
        let task = Task {
            await Self.result { () async throws(SessionError) in try await opener.open() }
        }
        work.stop = { task.cancel() }
        let result = await task.value
        work.stop = nil
        work.connectTime += began.duration(to: clock.now())
        switch result {
        case .success(let opened):
            counts.connections += 1
            meters[route.meter]?.connections += 1
            noteContact(route.meter, opened.info)
            noteNaming(work, opened.info)
            channel.session = ChannelState.Session(
                id: id,
                meter: route.meter,
                association: work.request.association,
                revision: route.revision,
                keepAlive: route.keepAlive,
                connection: opened.connection,
                info: opened.info
            )
            return nil
        case .failure(let error):
            if let failure = error.associationFailure { counts.associationFailures[failure, default: 0] += 1 }
            return error
        }
    }

    /// Carries out the next part of a piece of work.
    private func exchange(
        _ work: PendingWork,
        _ session: ChannelState.Session
    ) async -> Result<(response: ServiceResponse, info: AssociationInfo), TransportError> {
        work.stage = .exchanging
        work.transmission = .sent
        let began = clock.now()
        let part = work.nextPart(session.info)
        let connection = session.connection
        let onBlock = work.delivery.taker
        let pacing = work.delivery.pacing
        let task = Task {
            await Self.result { () async throws(TransportError) in
                try await connection.perform(part, pacing: pacing, onBlock: onBlock)
            }
        }
        work.stop = { task.cancel() }
        let result = await task.value
        work.stop = nil
        work.exchangeTime += began.duration(to: clock.now())
        let outcome: SessionMetrics.Outcome
        switch result {
        case .success(let done):
            outcome = .answered
            noteContact(session.meter, done.info)
            noteNaming(work, done.info)
            if let plan = work.route.counters[session.association] { custody?.answered(done.info, for: plan) }
            meters[session.meter]?.learn(done.info.learned, session.revision)
            meters[session.meter]?.exchanges += 1
        case .failure(let error):
            outcome = error.outcome
            work.transmission = error.transmission
        }
        counts.exchanges[.init(service: part.service, outcome: outcome), default: 0] += 1
        return result
    }

    /// Releases the open association, if any, and closes the connection.
    private func closeSession(_ channel: ChannelState) async {
        guard let session = channel.session else { return }
        if session.mustSettle { await session.connection.settled() }
        if session.connection.isOpen { await session.connection.release() }
        dropSession(channel)
    }

    /// Forgets the session, whose connection is closed or about to be.
    private func dropSession(_ channel: ChannelState) {
        guard let session = channel.session else { return }
        channel.session = nil
        let counters = session.connection.counters
        meters[session.meter]?.ended.octetsSent += counters.octetsSent
        meters[session.meter]?.ended.octetsReceived += counters.octetsReceived
    }

    /// The network or the meter ended a connection, or we did.
    private func connectionClosed(_ id: UInt64, _ key: ChannelKey) {
        // While work is in progress, its exchange learns of it.
        guard let channel = channels[key], channel.session?.id == id, channel.runner == nil else { return }
        startRunner(channel)
    }

    private func noteContact(_ meter: String, _ info: AssociationInfo) {
        meters[meter]?.lastContact = clock.now()
        meters[meter]?.association = info
    }

    private func noteNaming(_ work: PendingWork, _ info: AssociationInfo) {
        guard info.usesShortNames || work.settings.referencing == .automatic else { return }
        meters[work.route.meter]?.naming[work.request.association] = LearnedNaming(
            revision: work.route.revision,
            usesShortNames: info.usesShortNames,
            shortNames: info.shortNames
        )
    }

    func noteFailure(_ work: PendingWork, _ error: SessionError) {
        meters[work.route.meter]?.failures += 1
        meters[work.route.meter]?.lastError = error
        meters[work.route.meter]?.lastErrorAt = clock.now()
    }

    private static func result<Success, Failure>(
        _ body: () async throws(Failure) -> Success
    ) async -> Result<Success, Failure> {
        do throws(Failure) {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}
