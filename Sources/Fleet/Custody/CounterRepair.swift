// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Why a counter is to jump, and for whom.
public struct CounterRepairReason: Hashable, Sendable {
    /// What told that the meter is ahead.
    public enum Cause: String, CaseIterable, Hashable, Sendable {
        /// The counter object of the meter, read before the key was used for the first time.
        case firstUse = "first-use"
        /// The counter object of the meter, read after it had refused us.
        case counterObject = "counter-object"
        /// The value that the meter expects, in its exception-response.
        case exceptionResponse = "exception-response"
        /// A person.
        case `operator`

        /// Whether no person asked for it.
        public var isAutomatic: Bool { self != .operator }
    }

    /// What told it.
    public var cause: Cause
    /// The meter.
    public var meter: MeterID
    /// The name of the meter's association.
    public var association: String
    /// Who asked: `gateway`, or a caller.
    public var madeBy: String
    /// What a person gave as the reason.
    public var note: String?

    /// Makes a reason.
    public init(
        cause: Cause,
        meter: MeterID,
        association: String,
        madeBy: String = "gateway",
        note: String? = nil
    ) {
        self.cause = cause
        self.meter = meter
        self.association = association
        self.madeBy = madeBy
        self.note = note
    }
}

/// A jump of a counter, as it was written down.
public struct CounterRepair: Hashable, Sendable {
    /// Why.
    public let reason: CounterRepairReason
    /// When.
    public let madeAt: Timestamp
    /// The value that would have been next.
    public let from: UInt64
    /// The value that was next afterwards.
    public let to: UInt64

    /// Makes a record.
    public init(reason: CounterRepairReason, madeAt: Timestamp, from: UInt64, to: UInt64) {
        self.reason = reason
        self.madeAt = madeAt
        self.from = from
        self.to = to
    }
}

/// How far counters may jump on the word of a meter, which nothing proves to be the meter's.
///
/// Whoever can forge answers could otherwise make us spend all values of a key, and the meter would follow, because what
/// we then send is genuine.
public struct CounterRepairLimits: Hashable, Sendable {
    /// The longest jump of one repair.
    public var longestJump: UInt64
    /// The most repairs of one counter in 24 hours.
    public var repairsPerDay: Int
    /// The sum of all jumps of one counter that no person asked for, the first use included.
    public var automaticTotal: UInt64

    /// Makes limits; by default 1,000,000 values at once, 5 times a day, 16,777,216 values altogether.
    public init(longestJump: UInt64 = 1_000_000, repairsPerDay: Int = 5, automaticTotal: UInt64 = 1 << 24) {
        self.longestJump = longestJump
        self.repairsPerDay = repairsPerDay
        self.automaticTotal = automaticTotal
    }
}
