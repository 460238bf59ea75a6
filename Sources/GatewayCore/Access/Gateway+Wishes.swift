// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet

extension Gateway {
    /// How a caller wants something done.
    public struct Wishes: Sendable {
        /// The association to use in place of the usual one.
        public var association: String?
        /// How old values may be.
        public var freshness: Freshness
        /// How long to wait.
        public var budget: WaitBudget
        /// 0 to 9, 9 goes first.
        public var priority: UInt8
        /// On whose behalf readings are stored.
        public var origin: ReadingOrigin

        /// Makes wishes.
        public init(
            association: String? = nil,
            freshness: Freshness = .usual,
            budget: WaitBudget,
            priority: UInt8 = 5,
            origin: ReadingOrigin = .live
        ) {
            self.origin = origin
            self.association = association
            self.freshness = freshness
            self.budget = budget
            self.priority = priority
        }
    }
}

extension Gateway.Wishes {
    /// The errand of a caller with these wishes.
    func errand(at memory: MeterMemory, in association: String) -> MeterErrand {
        MeterErrand(memory: memory, association: association, budget: budget, priority: priority)
    }
}
