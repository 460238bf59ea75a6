// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// When something that keeps failing is left alone, and for how long.
public struct BreakerPolicy: Hashable, Sendable {
    /// How many failures in a row make a pause; 0 never does.
    public var failures: Int
    /// The first pause.
    public var firstPause: Duration
    /// The longest pause: each one is twice the one before until then.
    public var longestPause: Duration
    /// By which part of itself a pause may be longer or shorter, 0 to 1, so that not all meters are tried at once.
    public var spread: Double

    /// Makes a policy: by default a pause after 5 failures, of 15 seconds at first and 5 minutes at most.
    public init(
        failures: Int = 5,
        firstPause: Duration = .seconds(15),
        longestPause: Duration = .seconds(300),
        spread: Double = 0.2
    ) {
        self.failures = failures
        self.firstPause = firstPause
        self.longestPause = longestPause
        self.spread = spread
    }
}

/// How things stand with something that may be left alone for a while.
public struct BreakerStatus: Hashable, Sendable {
    /// Whether requests pass.
    public enum State: String, Hashable, Sendable {
        /// They do.
        case closed
        /// They are refused until the pause is over, those of priority 9 excepted.
        case open
        /// The pause is over; the next request shows whether the next pause begins.
        case halfOpen = "half-open"
    }

    /// Whether requests pass.
    public var state: State
    /// Failures in a row.
    public var failures: Int
    /// When the pause is over, or was; nil without one.
    public var until: ContinuousClock.Instant?

    /// All is well.
    public init() {
        state = .closed
        failures = 0
    }

    init(_ breaker: Breaker, now: ContinuousClock.Instant) {
        state = breaker.pausedUntil.map { $0 > now ? .open : .halfOpen } ?? .closed
        failures = breaker.failures
        until = breaker.pausedUntil
    }
}

/// Counts failures in a row, and makes pauses of growing length.
///
/// ```
///  closed ──failure no. n──► open ──pause over──► half-open ──success──► closed
///     ▲ success                ▲                      │
///     └────┘                   └───────failure────────┘   the next pause is twice as long
/// ```
struct Breaker {
    /// Failures in a row.
    private(set) var failures = 0
    /// Until when nothing is tried; in the past when the next request is a trial.
    private(set) var pausedUntil: ContinuousClock.Instant?
    /// Pauses in a row.
    private(set) var pauses = 0

    /// Until when requests are refused; nil if they are not.
    func refusal(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        pausedUntil.flatMap { $0 > now ? $0 : nil }
    }

    /// A request failed; true if a pause begins.
    ///
    /// - Parameter chance: 0 up to 1, decides about the length of the pause.
    mutating func failed(_ policy: BreakerPolicy, now: ContinuousClock.Instant, chance: Double) -> Bool {
        failures += 1
        guard policy.failures > 0 else { return false }
        if let pausedUntil {
            // Urgent work that failed during the pause does not make it longer.
            guard pausedUntil <= now else { return false }
        } else {
            guard failures >= policy.failures else { return false }
        }
        let doubled = policy.firstPause * (1 << min(pauses, 20))
        pauses += 1
        let pause = min(doubled, policy.longestPause)
        pausedUntil = now + pause * (1 + policy.spread * (2 * chance - 1))
        return true
    }
}
