// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How many channels of a group may be active at once, and how fast connections may follow each other.
extension MeterSessions {
    /// After so many pieces of work a channel lets others of its group have a turn.
    private static let turn = 16

    /// Takes note of the limits that the latest request on a channel brought.
    func note(_ plan: ChannelGroupPlan?, for channel: ChannelState) {
        channel.group = plan
        guard let plan else { return }
        if groups[plan.id] == nil { groups[plan.id] = ChannelGroupState(plan) }
        setLimits(plan)
    }

    /// Takes note of changed limits of a group; without it they hold from the next request on.
    public func setLimits(_ plan: ChannelGroupPlan) {
        guard let group = groups[plan.id], group.plan != plan else { return }
        group.plan = plan
        group.gate.rate.limit(to: plan.maxConnectionsPerSecond, clock.now())
        grantTurns(group)
        openGate(.group(plan.id), clock.now())
    }

    /// Whether a channel may be active now; if not, its turn comes later.
    func takeTurn(_ channel: ChannelState) -> Bool {
        guard channel.activeIn == nil, let plan = channel.group, let group = groups[plan.id] else { return true }
        guard group.active.count >= max(plan.parallelism, 1) else {
            activate(channel, group)
            return true
        }
        if !group.waiting.contains(channel.key) { group.waiting.append(channel.key) }
        releaseIdle(group)
        return false
    }

    /// Another channel of the group may be active in its place.
    func endTurn(_ channel: ChannelState) {
        guard let id = channel.activeIn, let group = groups[id] else { return }
        channel.activeIn = nil
        group.active.remove(channel.key)
        grantTurns(group)
    }

    /// Whether a channel has to let others of its group have a turn.
    func mustYield(_ channel: ChannelState) -> Bool {
        guard let id = channel.activeIn, let group = groups[id], !group.waiting.isEmpty else { return false }
        guard let own = channel.waiting.topPriority, channel.served < Self.turn else { return true }
        return group.waiting.contains { (channels[$0]?.waiting.topPriority ?? 0) > own }
    }

    private func activate(_ channel: ChannelState, _ group: ChannelGroupState) {
        group.active.insert(channel.key)
        group.waiting.removeAll { $0 == channel.key }
        channel.activeIn = group.plan.id
        channel.served = 0
    }

    private func grantTurns(_ group: ChannelGroupState) {
        while group.active.count < max(group.plan.parallelism, 1), let key = mostUrgent(group.waiting) {
            group.waiting.removeAll { $0 == key }
            guard let channel = channels[key], !channel.waiting.isEmpty else { continue }
            activate(channel, group)
            startRunner(channel)
            if channel.runner == nil { endTurn(channel) }
        }
    }

    /// Ends the association that has been idle for longest, because a channel with work waits.
    private func releaseIdle(_ group: ChannelGroupState) {
        let idle = group.active.compactMap { channels[$0] }.filter { $0.runner == nil && $0.session != nil }
        guard let longest = idle.min(by: { ($0.idleUntil ?? .now) < ($1.idleUntil ?? .now) }) else { return }
        longest.isToBeReleased = true
        startRunner(longest)
    }

    /// The channel with the most urgent work; of equals the one that has waited for longest.
    private func mostUrgent(_ waiting: [ChannelKey]) -> ChannelKey? {
        var best: (key: ChannelKey, priority: Int)?
        for key in waiting {
            let priority = channels[key]?.waiting.topPriority.map(Int.init) ?? -1
            if best.map({ priority > $0.priority }) ?? true { best = (key, priority) }
        }
        return best?.key
    }

    // MARK: New connections

    /// Whether a channel may begin a connection now; if not, it is woken when it may.
    func mayConnect(_ channel: ChannelState) -> Bool {
        let now = clock.now()
        let names: [ConnectionGate.Name] = (channel.group.map { [.group($0.id)] } ?? []) + [.all]
        for name in names where !channel.passed.contains(name) {
            let isTaken = changeGate(name) { gate in
                guard gate.waiting.isEmpty, gate.rate.take(now) else {
                    gate.waiting.append(channel.key)
                    return false
                }
                return true
            }
            guard isTaken ?? true else {
                channel.gate = name
                counts.delayedConnections += 1
                scheduleGate(name, now)
                return false
            }
            channel.passed.append(name)
        }
        channel.passed = []
        return true
    }

    /// Connections began that the limits were not asked for: a second try, or one to read a counter.
    func overdraw(_ channel: ChannelState, by count: Int) {
        guard count > 0 else { return }
        let now = clock.now()
        _ = changeGate(.all) { $0.rate.overdraw(now, by: count) }
        if let group = channel.group { _ = changeGate(.group(group.id)) { $0.rate.overdraw(now, by: count) } }
    }

    /// Lets as many of the waiting channels connect as there are tokens.
    func openGate(_ name: ConnectionGate.Name, _ now: ContinuousClock.Instant) {
        _ = changeGate(name) { $0.wakesAt = nil }
        while let key = mostUrgent(changeGate(name) { $0.waiting } ?? []) {
            guard let channel = channels[key], channel.gate == name else {
                _ = changeGate(name) { gate in gate.waiting.removeAll { $0 == key } }
                continue
            }
            guard changeGate(name, { $0.rate.take(now) }) ?? true else { break }
            _ = changeGate(name) { gate in gate.waiting.removeAll { $0 == key } }
            channel.gate = nil
            channel.passed.append(name)
            startRunner(channel)
        }
        scheduleGate(name, now)
    }

    /// Takes a channel with nothing to do out of the lines for new connections.
    func leaveGates(_ channel: ChannelState) {
        if let name = channel.gate { _ = changeGate(name) { gate in gate.waiting.removeAll { $0 == channel.key } } }
        channel.gate = nil
        for name in channel.passed { _ = changeGate(name) { $0.rate.giveBack() } }
        channel.passed = []
    }

    private func scheduleGate(_ name: ConnectionGate.Name, _ now: ContinuousClock.Instant) {
        let next = changeGate(name) { gate -> ContinuousClock.Instant? in
            guard !gate.waiting.isEmpty, gate.wakesAt == nil else { return nil }
            let next = gate.rate.nextToken(now)
            gate.wakesAt = next
            return next
        }
        if let next = next ?? nil { wake(.gate(name), at: next) }
    }

    private func changeGate<Result>(_ name: ConnectionGate.Name, _ body: (inout ConnectionGate) -> Result) -> Result? {
        switch name {
        case .all: body(&gate)
        case .group(let id): groups[id].map { body(&$0.gate) }
        }
    }
}
