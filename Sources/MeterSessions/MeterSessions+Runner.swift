// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// How the work of a channel is done, one piece after the other.
extension MeterSessions {
    /// Starts to work on a channel unless that goes on already, or has to wait.
    func startRunner(_ channel: ChannelState) {
        guard channel.runner == nil else { return }
        let mayWork = !channel.waiting.isEmpty && mayTakeWork(channel) && takeTurn(channel)
        guard mayWork || mustRelease(channel) else { return }
        channel.idleUntil = nil
        // Owned by the channel and waited for by shutdown; it has to outlive the callers, whose reads are shared.
        channel.runner = Task { await self.run(channel) }
    }

    private func run(_ channel: ChannelState) async {
        repeat {
            while mayTakeWork(channel), let work = takeNext(channel) {
                channel.running = work
                await advance(work, channel)
                channel.running = nil
                channel.served += 1
            }
            if mustRelease(channel) { await closeSession(channel) }
        } while !channel.waiting.isEmpty && mayTakeWork(channel)
        rest(channel)
    }

    /// Whether the next work may begin.
    private func mayTakeWork(_ channel: ChannelState) -> Bool {
        channel.gate == nil && !isHeld(channel.key) && !mustYield(channel)
    }

    /// Whether the association has to be released, now that no work begins.
    private func mustRelease(_ channel: ChannelState) -> Bool {
        guard let session = channel.session else { return channel.line != nil }
        return channel.isToBeReleased || session.keepAlive <= .zero || !session.connection.isOpen
            || isHeld(channel.key) || mustYield(channel)
    }

    /// Nothing can be done now: the association is kept for a while, or somebody else has a turn.
    private func rest(_ channel: ChannelState) {
        channel.runner = nil
        channel.isToBeReleased = false
        if let session = channel.session {
            let idleUntil = clock.now() + session.keepAlive
            channel.idleUntil = idleUntil
            return alert(channel, at: idleUntil)
        }
        if channel.gate == nil { endTurn(channel) }
        startRunner(channel)
        removeIfUnused(channel)
    }

    /// Does one part of a piece of work; what remains goes back to the front of its lane.
    private func advance(_ work: PendingWork, _ channel: ChannelState) async {
        let now = clock.now()
        guard refusal(of: work, now) == nil else { return refuse(work, channel, now) }
        guard !isHeldElsewhere(work.route) else { return end(work, channel, with: .heldElsewhere) }
        if work.startedAt == nil { work.startedAt = now }
        if let log = work.check { return await check(work, log, channel) }
        var mayReplace = true
        while !work.waiters.isEmpty {
            guard !isCutOff else { return end(work, channel, with: .draining) }
            guard !isHeldElsewhere(work.route) else { return end(work, channel, with: .heldElsewhere) }
            let isReused = channel.session?.serves(work) ?? false
            if !isReused {
                await closeSession(channel, before: work)
                guard !work.waiters.isEmpty, !isCutOff, !isHeldElsewhere(work.route) else { continue }
                guard channel.line(for: work) != nil || mayConnect(channel) else { return putBack(work, channel) }
                if let error = await connect(work, channel) {
                    guard !work.waiters.isEmpty else { break }
                    guard !isHeldElsewhere(work.route) else { continue }
                    return fail(work, channel, error)
                }
            }
            guard !work.waiters.isEmpty, let session = channel.session else { break }
            // Connecting may have taken so long that the line is another gateway's by now.
            guard !isHeldElsewhere(work.route) else { continue }
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
                guard let response = work.partDone(done.response) else { return putBack(work, channel) }
                forgetJoinable(work, channel)
                return work.succeed(response, done.info)
            case .failure(let error):
                if error.endsConnection { dropSession(channel) }
                if error.reason == .cancelled { channel.session?.mustSettle = true }
                if work.isRead || error.transmission == .notSent, isHeldElsewhere(work.route) {
                    return end(work, channel, with: .heldElsewhere)
                }
                if error.reason == .cancelled, work.isInterrupted, !work.waiters.isEmpty {
                    work.isInterrupted = false
                    counts.interruptions += 1
                    guard work.delivery.hasBegun else { return putBack(work, channel) }
                    channel.session?.mustSettle = false
                    return work.succeed(.streamed(octets: work.delivery.octets), session.info, madeWay: true)
                }
                if case .engine(.invocationCounterError(let expected)) = error.reason {
                    let fault = await follow(.expected(expected), work, session)
                    // Nothing proves that the refusal is the meter's, so that only reads are repeated.
                    if work.isRead, let fault, !work.waiters.isEmpty {
                        return fail(work, channel, .counters(fault))
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
                    await abandonSession(channel)
                    continue
                }
                guard !work.waiters.isEmpty else { break }
                return fail(work, channel, .transport(error))
            }
        }
        // Nobody waits any more.
        forgetJoinable(work, channel)
    }

    /// Fails a piece of work, and remembers that it failed.
    func fail(_ work: PendingWork, _ channel: ChannelState, _ error: SessionError) {
        noteFailure(work, error)
        end(work, channel, with: error)
        noteBlame(work, error, channel)
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
        return (learned.readLists.isSilence && !before.readLists.isSilence)
            || (learned.access.isSilence && !before.access.isSilence)
    }

    private func mayRepeat(_ work: PendingWork, after error: TransportError) -> Bool {
        work.isRead ? !work.delivery.hasBegun : error.transmission == .notSent
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
            channelRecords[work.route.channel]?.totals.exchanges += 1
            noteAnswer(work)
        case .failure(let error):
            outcome = error.outcome
            work.transmission = error.transmission
        }
        counts.exchanges[.init(service: part.service, outcome: outcome), default: 0] += 1
        return result
    }
}
