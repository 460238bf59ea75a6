// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

extension Fault {
    /// When a fault happens; every part of it has to hold.
    ///
    /// The messages of the fault's direction that come while its times and phases hold are counted from 1; `after`, `every` and
    /// `times` go by that count, across connections.
    public struct Condition: Hashable, Sendable {
        /// How probable it is at each message, 0 to 1.
        public var probability: Double
        /// Happens at each message of which the number, less `after`, is a multiple of this; 1 = at every one.
        public var every: Int
        /// How many messages pass before the first.
        public var after: Int
        /// How often it happens at the most; nil = without end.
        public var times: Int?
        /// Happens from this time on, counted from the start of the scenario.
        public var from: Duration
        /// Happens before this time, counted from the start of the scenario; nil = to the end.
        public var until: Duration?
        /// Happens in these phases of the scenario only; nil = in all.
        public var phases: Set<String>?

        /// Makes a condition; by default it always holds.
        public init(
            probability: Double = 1,
            every: Int = 1,
            after: Int = 0,
            times: Int? = nil,
            from: Duration = .zero,
            until: Duration? = nil,
            phases: Set<String>? = nil
        ) {
            self.probability = probability
            self.every = max(every, 1)
            self.after = after
            self.times = times
            self.from = from
            self.until = until
            self.phases = phases
        }

        /// Whether times and phases hold.
        func isInForce(at time: Duration, phase: String?) -> Bool {
            guard time >= from, until.map({ time < $0 }) ?? true else { return false }
            guard let phases else { return true }
            return phase.map(phases.contains) ?? false
        }
    }
}
