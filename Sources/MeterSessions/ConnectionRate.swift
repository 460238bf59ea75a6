// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Limits how many connections begin in a second: a bucket of tokens that fills up steadily.
///
/// The bucket holds what a tenth of a second brings, one token at least, so that no second sees noticeably more than
/// it may.
struct ConnectionRate {
    private(set) var perSecond: Double?
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant?

    /// Begins with a full bucket.
    ///
    /// - Parameter perSecond: how many tokens a second brings, above 0; nil sets no limit.
    init(perSecond: Double?) {
        self.perSecond = perSecond
        tokens = perSecond.map(Self.capacity) ?? 0
    }

    /// Takes a token if there is one.
    mutating func take(_ now: ContinuousClock.Instant) -> Bool {
        guard perSecond != nil else { return true }
        fill(now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }

    /// A connection began that did not ask, which makes the next ones wait.
    mutating func overdraw(_ now: ContinuousClock.Instant, by count: Int) {
        guard perSecond != nil else { return }
        fill(now)
        tokens -= Double(count)
    }

    /// Puts a token back that was not needed.
    mutating func giveBack() {
        guard let perSecond else { return }
        tokens = min(tokens + 1, Self.capacity(perSecond))
    }

    /// When there will be a token.
    func nextToken(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        guard let perSecond, let filledAt, tokens < 1 else { return now }
        // Rounded up, so that the token is there when the time has come.
        return filledAt + .seconds((1 - tokens) / perSecond) + .microseconds(1)
    }

    /// Changes the limit.
    mutating func limit(to perSecond: Double?, _ now: ContinuousClock.Instant) {
        guard perSecond != self.perSecond else { return }
        fill(now)
        let had = self.perSecond != nil
        self.perSecond = perSecond
        let capacity = perSecond.map(Self.capacity) ?? 0
        tokens = had ? min(tokens, capacity) : capacity
    }

    private mutating func fill(_ now: ContinuousClock.Instant) {
        guard let perSecond else { return }
        let seconds = filledAt.map { $0.duration(to: now) / .seconds(1) } ?? 0
        filledAt = now
        tokens = min(tokens + max(seconds, 0) * perSecond, Self.capacity(perSecond))
    }

    private static func capacity(_ perSecond: Double) -> Double { max(perSecond / 10, 1) }
}
