// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension MeterSessions {
    /// Makes sure that the channel wakes up when something has to happen next.
    ///
    /// A timer that is too early is left alone: it sets the next one when it fires.
    func schedule(_ channel: ChannelState) {
        guard let next = channel.nextInstant else {
            channel.timer?.cancel()
            channel.timer = nil
            channel.timerInstant = nil
            return
        }
        if let current = channel.timerInstant, current <= next { return }
        channel.timer?.cancel()
        channel.timerInstant = next
        // Owned by the channel, cancelled with it.
        channel.timer = Task { [clock, key = channel.key] in
            guard (try? await clock.sleep(next)) != nil else { return }
            self.timerFired(key, next)
        }
    }

    private func timerFired(_ key: ChannelKey, _ instant: ContinuousClock.Instant) {
        guard let channel = channels[key], channel.timerInstant == instant else { return }
        channel.timer = nil
        channel.timerInstant = nil
        let now = max(clock.now(), instant)
        for work in channel.works {
            for waiter in work.removeExpired(now) {
                waiter.continuation.resume(returning: .failure(.deadlinePassed(work.stage, work.transmission)))
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
        schedule(channel)
    }
}
