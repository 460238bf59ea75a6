// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import Timekeeping

/// What keeps orders that switch supply in bounds.
public struct OrderSettings: Hashable, Sendable {
    /// How many disconnections may be sent in an hour, of all gateways on the database together.
    public var maxDisconnectsPerHour: Int
    /// The least confirmation that an order needs.
    public var confirmation: ConfirmationPolicy
    /// How many meters one order may have.
    public var mostTargets: Int
    /// When disconnections may be sent; nil at any time.
    public var window: OrderWindow?
    /// A file that holds all orders of this gateway as long as it is there; nil for none.
    public var holdFile: String?
    /// How long after sending a meter that is still in its old state is taken not to act any more.
    public var settleTime: Duration
    /// The pause before the first look at a meter whose answer is missing; each further one is twice as long.
    public var resolvePause: Duration

    /// How long an order counts whose caller does not say.
    static let usualValidity = Duration.seconds(900)
    /// The longest that an order may count.
    static let longestValidity = Duration.seconds(86_400)
    /// How long an order waits for its confirmation.
    static let confirmationTime = Duration.seconds(300)
    /// How long a command may wait for the line and its answer once it was permitted.
    static let longestSending = Duration.seconds(45)

    /// Makes settings, by default cautious ones.
    public init(
        maxDisconnectsPerHour: Int = 60,
        confirmation: ConfirmationPolicy = .none,
        mostTargets: Int = 50,
        window: OrderWindow? = nil,
        holdFile: String? = nil,
        settleTime: Duration = .seconds(60),
        resolvePause: Duration = .seconds(5)
    ) {
        self.maxDisconnectsPerHour = maxDisconnectsPerHour
        self.confirmation = confirmation
        self.mostTargets = mostTargets
        self.window = window
        self.holdFile = holdFile
        self.settleTime = settleTime
        self.resolvePause = resolvePause
    }

    /// What an order has to pass in the store: the hold, and for disconnections the fuse.
    func gate(for order: DisconnectorOrder) -> JobGate {
        JobGate(
            name: JobGate.orders,
            fuse: order.action == .disconnect
                ? JobFuse(limit: maxDisconnectsPerHour, window: .seconds(3600)) : nil
        )
    }

    /// How many of a bulk order run at once, how fast, and when the rest is cancelled.
    static func limits(targets: Int) -> JobLimits {
        guard targets > 1 else { return JobLimits(concurrency: 1) }
        return JobLimits(
            concurrency: 2,
            ratePerMinute: 30,
            abort: JobAbortRule(failurePercent: 5, minExecuted: 20, inRow: 2)
        )
    }

    /// How an order is taken up again: before it is sent, until it expires; afterwards only to read what came of it.
    var retry: JobRetry {
        JobRetry(max: 10_000, backoff: resolvePause, maxBackoff: .seconds(300), resolveFor: .seconds(7 * 86_400))
    }
}
