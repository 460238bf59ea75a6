// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How many octets one sender may still send: grows with time up to a burst of four seconds.
struct OctetBudget: Hashable, Sendable {
    private static let burstSeconds = 4.0

    private let perSecond: Double
    private var available: Double
    private var refilledAt: ContinuousClock.Instant

    init(perSecond: Int, now: ContinuousClock.Instant) {
        self.perSecond = Double(max(perSecond, 1))
        available = self.perSecond * Self.burstSeconds
        refilledAt = now
    }

    /// Takes octets that have come already; tells how long to wait until the budget is above zero again, nil when it is.
    mutating func spend(_ count: Int, now: ContinuousClock.Instant) -> Duration? {
        refill(now)
        available -= Double(count)
        return available >= 0 ? nil : .seconds(-available / perSecond)
    }

    /// Takes octets if there are so many; false takes none.
    mutating func take(_ count: Int, now: ContinuousClock.Instant) -> Bool {
        refill(now)
        guard available >= Double(count) else { return false }
        available -= Double(count)
        return true
    }

    private mutating func refill(_ now: ContinuousClock.Instant) {
        let seconds = (now - refilledAt) / .seconds(1)
        guard seconds > 0 else { return }
        available = min(available + seconds * perSecond, perSecond * Self.burstSeconds)
        refilledAt = now
    }
}
