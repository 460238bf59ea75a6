// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport

/// How requests come into the queue of their channel, and out of it before they are done.
extension MeterSessions {
    /// Takes a request, or refuses it at once.
    func enqueue(_ work: PendingWork, _ waiter: PendingWork.Waiter) {
        let now = clock.now()
        let refuse = { (error: SessionError) in waiter.continuation.resume(returning: .failure(error)) }
        guard !isDraining else { return refuse(.draining) }
        guard !isHeldElsewhere(work.route) else { return refuse(.heldElsewhere) }
        guard waiter.deadline > now else { return refuse(.deadlinePassed(.queued, .notSent)) }
        if !controls.isEmpty, case .draining = controls[work.route.channel] { return refuse(.channelDraining) }
        if let until = refusal(of: work, now) {
            counts.breakerRefusals += 1
            return refuse(.breakerOpen(until: until))
        }
        let channel = channel(work.route)
        if let key = work.key, let equal = channel.joinable[key] {
            join(equal, channel, waiter, work.priority)
        } else {
            guard channel.waiting.count < options.queueLimit else {
                return refuse(.queueFull(limit: options.queueLimit))
            }
            work.waiters = [waiter]
            if let key = work.key { channel.joinable[key] = work }
            put(work, channel)
            startRunner(channel)
            if work.priority >= PriorityLanes<PendingWork>.highest { makeWay(channel) }
        }
        alert(channel, at: waiter.deadline)
    }

    /// Ends a less urgent read in progress at its next answer, so that an order waits for one block at most.
    private func makeWay(_ channel: ChannelState) {
        guard let running = channel.running, running.priority < PriorityLanes<PendingWork>.highest,
            running.isInterruptible, !running.isInterrupted
        else { return }
        running.interruptions += 1
        running.isInterrupted = true
        channel.session?.connection.interrupt(endsStream: running.request.makesWay)
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
        let moved = withdraw(channel) { $0 === work }
        work.priority = priority
        for work in moved { put(work, channel) }
    }

    private func channel(_ route: MeterRoute) -> ChannelState {
        let channel = channels[route.channel] ?? ChannelState(route.channel)
        channels[route.channel] = channel
        channel.share = route.share
        if channel.group != route.group { note(route.group, for: channel) }
        if let record = channelRecords[route.channel] {
            if record.medium != route.medium { record.medium = route.medium }
        } else {
            channelRecords[route.channel] = ChannelRecord(route)
        }
        if let meter = meters[route.meter] {
            if meter.channel != route.channel {
                releaseSession(of: route.meter, meter.channel)
                meter.channel = route.channel
            }
        } else {
            meters[route.meter] = MeterRecord(channel: route.channel)
        }
        return channel
    }

    /// Puts work behind its equals.
    func put(_ work: PendingWork, _ channel: ChannelState) {
        channel.waiting.append(work, priority: work.priority, caller: work.request.caller)
        counts.queueLength += 1
    }

    /// Puts work back that was taken from the queue; it is the next of its priority.
    func putBack(_ work: PendingWork, _ channel: ChannelState) {
        work.stage = .queued
        channel.waiting.prepend(work, priority: work.priority, caller: work.request.caller)
        counts.queueLength += 1
    }

    /// Takes the next work from the queue.
    func takeNext(_ channel: ChannelState) -> PendingWork? {
        guard let work = channel.waiting.popFirst() else { return nil }
        counts.queueLength -= 1
        return work
    }

    /// Takes work out of the queue that is not to be done.
    func withdraw(_ channel: ChannelState, where matches: (PendingWork) -> Bool) -> [PendingWork] {
        let removed = channel.waiting.remove(where: matches)
        counts.queueLength -= removed.count
        return removed
    }

    /// A caller's task was cancelled.
    func leave(_ waiter: UInt64, _ key: ChannelKey) {
        guard let channel = channels[key] else { return }
        for work in channel.works {
            guard let index = work.waiters.firstIndex(where: { $0.id == waiter }) else { continue }
            let left = work.waiters.remove(at: index)
            left.continuation.resume(returning: .failure(.cancelled(work.transmission)))
            stopIfUnwanted(work, channel)
            removeIfUnused(channel)
            return
        }
    }

    /// Stops work that nobody waits for.
    func stopIfUnwanted(_ work: PendingWork, _ channel: ChannelState) {
        guard work.waiters.isEmpty else { return }
        forgetJoinable(work, channel)
        _ = withdraw(channel) { $0 === work }
        work.stop?()
    }

    /// Takes a request out of everybody's sight and fails who waits for it.
    func end(_ work: PendingWork, _ channel: ChannelState, with error: SessionError) {
        forgetJoinable(work, channel)
        work.fail(error)
    }

    /// Lets nobody join a piece of work any more.
    func forgetJoinable(_ work: PendingWork, _ channel: ChannelState) {
        guard let key = work.key, channel.joinable[key] === work else { return }
        channel.joinable[key] = nil
        // An empty table would keep the place that it took.
        if channel.joinable.isEmpty { channel.joinable = [:] }
    }

    /// Forgets a channel with nothing to do and nothing open.
    func removeIfUnused(_ channel: ChannelState) {
        guard channel.waiting.isEmpty, channel.runner == nil, channel.session == nil, channel.line == nil
        else { return }
        leaveGates(channel)
        endTurn(channel)
        if let id = channel.group?.id { groups[id]?.waiting.removeAll { $0 == channel.key } }
        if channels[channel.key] === channel { channels[channel.key] = nil }
    }
}
