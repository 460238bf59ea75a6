// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One timer for everything that has to happen later, whatever the number of channels.
extension MeterSessions {
    /// What is woken.
    enum WakeReason {
        /// A caller's deadline, or an association that was kept long enough.
        case channel(ChannelKey)
        /// An operator's hold ends.
        case hold(ChannelKey)
        /// There may be a new connection.
        case gate(ConnectionGate.Name)
    }

    /// Makes sure that a channel wakes up then, or earlier.
    ///
    /// An alarm that is too early is left alone: it sets the next one when it goes off.
    func alert(_ channel: ChannelState, at instant: ContinuousClock.Instant) {
        if let alarm = channel.alarm, alarm <= instant { return }
        channel.alarm = instant
        wake(.channel(channel.key), at: instant)
    }

    /// Wakes somebody at an instant.
    func wake(_ reason: WakeReason, at instant: ContinuousClock.Instant) {
        wakes.add(reason, at: instant)
        setTimer()
    }

    private func setTimer() {
        guard let next = wakes.next else { return }
        if let timerInstant, timerInstant <= next { return }
        timer?.cancel()
        timerInstant = next
        // Owned by the manager; it ends when it has fired or an earlier one takes its place.
        timer = Task { [weak self, clock] in
            guard (try? await clock.sleep(next)) != nil else { return }
            await self?.timerFired(next)
        }
    }

    private func timerFired(_ instant: ContinuousClock.Instant) {
        guard timerInstant == instant else { return }
        timer = nil
        timerInstant = nil
        let now = max(clock.now(), instant)
        while let (instant, reason) = wakes.popDue(now) {
            switch reason {
            case .channel(let key): channelWoken(key, instant, now)
            case .hold(let key): holdEnded(key, now)
            case .gate(let name): openGate(name, now)
            }
        }
        setTimer()
    }

    private func channelWoken(
        _ key: ChannelKey,
        _ instant: ContinuousClock.Instant,
        _ now: ContinuousClock.Instant
    ) {
        guard let channel = channels[key], channel.alarm == instant else { return }
        channel.alarm = nil
        for work in channel.works {
            for waiter in work.removeExpired(now) {
                waiter.continuation.resume(returning: .failure(lateness(work, channel)))
            }
            if work.waiters.isEmpty, work === channel.running {
                noteFailure(work, .deadlinePassed(work.stage, work.transmission))
            }
            stopIfUnwanted(work, channel)
        }
        if let idleUntil = channel.idleUntil, idleUntil <= now, channel.runner == nil {
            channel.isToBeReleased = true
            startRunner(channel)
        }
        if let next = channel.nextInstant { alert(channel, at: next) }
        removeIfUnused(channel)
    }

    /// Why a request is not done in time.
    private func lateness(_ work: PendingWork, _ channel: ChannelState) -> SessionError {
        guard work.stage == .queued, work.transmission == .notSent,
            case .held(let until, let reason) = controls[channel.key]
        else { return .deadlinePassed(work.stage, work.transmission) }
        return .channelHeld(until: until, reason: reason)
    }
}
