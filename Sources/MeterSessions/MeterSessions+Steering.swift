// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What operators see of channels, and how they steer them; what they want is kept by whoever tells it.
extension MeterSessions {
    /// All channels with anything to do, a connection, a pause, or an operator's wish, in the order of their keys.
    public func channelStatuses() -> [ChannelStatus] {
        Set(channels.keys).union(controls.keys).sorted { $0.text < $1.text }.map { channelStatus($0) }
    }

    /// How things stand with a channel, which may be one that was never used.
    public func channelStatus(_ key: ChannelKey) -> ChannelStatus {
        var status = ChannelStatus(key: key)
        let now = clock.now()
        status.control = control(of: key, now)
        if case .held = status.control { status.state = .held }
        if let record = channelRecords[key] {
            status.totals = record.totals
            status.lastFailure = record.lastFailure?.failure
            status.group = record.group
            if let breaker = lineBreakers[record.medium] { status.breaker = BreakerStatus(breaker, now: now) }
        }
        guard let channel = channels[key] else { return status }
        status.group = channel.group?.id
        status.queue = channel.waiting.lengths
        if let session = channel.session {
            let counters = session.connection.counters
            status.totals.octetsSent += counters.octetsSent
            status.totals.octetsReceived += counters.octetsReceived
            status.state = .associated
            status.holder = .init(meter: session.meter, association: session.association, since: session.since)
        }
        if let running = channel.running {
            status.state = running.stage == .exchanging ? .busy : .connecting
            status.holder = .init(
                meter: running.route.meter,
                association: running.request.association,
                since: running.startedAt ?? now
            )
        } else if channel.gate != nil {
            status.state = .waitingToConnect
        } else if channel.group != nil, channel.activeIn == nil, !channel.waiting.isEmpty, status.state == .idle {
            status.state = .waitingForGroup
        }
        return status
    }

    /// All groups that were used since the start, in the order of their identifiers.
    public func groupStatuses() -> [ChannelGroupStatus] {
        groups.values.map(\.status).sorted { $0.plan.id < $1.plan.id }
    }

    /// How things stand with a group; nil when no channel of it was used since the start.
    public func groupStatus(_ id: String) -> ChannelGroupStatus? {
        groups[id]?.status
    }

    /// Lets no further exchange begin on a channel and releases its association.
    ///
    /// The exchange in progress ends first. What is asked for waits until the channel is given free; callers whose
    /// deadline passes before fail with ``SessionError/channelHeld(until:reason:)``.
    /// - Parameters:
    ///   - until: when it is given free by itself; nil = by ``resume(_:)`` only.
    ///   - reason: the operator's words, told to callers who wait in vain.
    public func hold(_ key: ChannelKey, until: ContinuousClock.Instant? = nil, reason: String? = nil) {
        controls[key] = .held(until: until, reason: reason)
        if let until { wake(.hold(key), at: until) }
        guard let channel = channels[key] else { return }
        channel.isToBeReleased = true
        startRunner(channel)
    }

    /// Lets a channel finish what waits and refuses what comes with ``SessionError/channelDraining``, then releases it.
    public func drain(_ key: ChannelKey) {
        controls[key] = .draining
        guard let channel = channels[key] else { return }
        channel.isToBeReleased = true
        startRunner(channel)
    }

    /// Gives a channel free that was held or drained.
    public func resume(_ key: ChannelKey) {
        controls[key] = nil
        if let channel = channels[key] { startRunner(channel) }
    }

    /// Holds and drains these channels, and gives all others free.
    ///
    /// - Parameter turn: what was known at a later turn stays.
    public func setControls(_ wanted: [ChannelKey: ChannelStatus.Control], turn: UInt64) {
        guard turn > controlTurn else { return }
        controlTurn = turn
        for key in controls.keys where wanted[key] == nil { resume(key) }
        for (key, control) in wanted where controls[key] != control {
            switch control {
            case .held(let until, let reason): hold(key, until: until, reason: reason)
            case .draining: drain(key)
            case .free: resume(key)
            }
        }
    }

    /// Tries a meter and the line to it with the next request, whatever pause they have.
    public func endPause(_ route: MeterRoute) {
        if let breaker = meters[route.meter]?.breaker, breaker.pauses > 0 { pausedMeters -= 1 }
        meters[route.meter]?.breaker = nil
        lineBreakers[route.medium] = nil
    }

    /// What an operator wants of a channel.
    func control(of key: ChannelKey, _ now: ContinuousClock.Instant) -> ChannelStatus.Control {
        switch controls[key] {
        case .held(let until?, _) where until <= now: .free
        case let control?: control
        case nil: .free
        }
    }

    /// Whether an operator lets no exchange begin.
    func isHeld(_ key: ChannelKey) -> Bool {
        guard !controls.isEmpty, case .held = control(of: key, clock.now()) else { return false }
        return true
    }

    /// The time of a hold is over.
    func holdEnded(_ key: ChannelKey, _ now: ContinuousClock.Instant) {
        guard case .held(let until?, _) = controls[key], until <= now else { return }
        resume(key)
    }
}
