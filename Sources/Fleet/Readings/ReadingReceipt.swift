// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Timekeeping

/// What a store did with a batch.
public struct ReadingReceipt: Hashable, Sendable {
    /// Values and rows, counted by what became of them.
    public struct Counts: Hashable, Sendable {
        /// Stored for the first time.
        public var new = 0
        /// Stored before, and the same.
        public var repeated = 0
        /// Stored before with something else, which was kept as a revision.
        public var revised = 0

        /// Makes counts of nothing.
        public init() {}

        /// All together.
        public var total: Int { new + repeated + revised }

        /// The sums.
        public static func + (left: Counts, right: Counts) -> Counts {
            var sum = left
            sum.new += right.new
            sum.repeated += right.repeated
            sum.revised += right.revised
            return sum
        }
    }

    /// What became of the rows of one profile.
    public struct Rows: Hashable, Sendable {
        /// The profile.
        public let profile: OBISCode
        /// Rows; one is revised if its status or any of its values is.
        public var counts = Counts()
        /// The instants of the new rows, in rising order.
        public var newTimes: [Timestamp] = []
        /// The instant of the newest row handed over, new or not; nil without rows.
        public var newest: Timestamp?
        /// Rows that have no instant, and so could not be stored.
        public var untimed = 0

        /// Makes a record of nothing yet.
        public init(profile: OBISCode) {
            self.profile = profile
        }
    }

    /// Single values, those of profile rows included.
    public var values = Counts()
    /// Rows, for each profile in the batch.
    public var profiles: [Rows] = []

    /// Makes a receipt for nothing.
    public init() {}
}
