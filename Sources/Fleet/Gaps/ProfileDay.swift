// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What is known of one local day of a profile.
public struct ProfileDay: Hashable, Sendable {
    /// The local day, in days since 1970-01-01.
    public let day: Int
    /// How many slots from the first one on should have rows; the first day of a profile begins late.
    public var expected: SlotSet
    /// The slots that rows are stored for.
    public var received: SlotSet
    /// The slots that will never come: the meter was asked twice, or no longer holds them.
    public var lost: SlotSet
    /// The slots that the meter was asked for once without having a row.
    public var asked: SlotSet

    /// Makes a day.
    public init(
        day: Int,
        expected: SlotSet,
        received: SlotSet = SlotSet(),
        lost: SlotSet = SlotSet(),
        asked: SlotSet = SlotSet()
    ) {
        self.day = day
        self.expected = expected
        self.received = received
        self.lost = lost
        self.asked = asked
    }

    /// Whether a slot is missing and may still come.
    public func isMissing(_ slot: Int) -> Bool {
        expected.contains(slot) && !received.contains(slot) && !lost.contains(slot)
    }

    /// How many slots are missing and may still come.
    public var missing: Int { expected.count - received.count - lost.count }
}

/// A stretch of time without rows.
public struct ProfileGap: Hashable, Sendable {
    /// Why rows are missing.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// They have not been fetched yet.
        case missing
        /// The meter was asked and has no rows there: it was without power, or its clock was set.
        case neverRecorded = "never-recorded"
        /// The meter no longer holds them.
        case overwritten
    }

    /// The first instant without a row, in seconds since 1970-01-01T00:00:00Z.
    public let from: Int64
    /// The end, excluded.
    public let to: Int64
    /// How many rows.
    public let count: Int
    /// Why.
    public let kind: Kind

    /// Makes a gap.
    public init(from: Int64, to: Int64, count: Int, kind: Kind) {
        self.from = from
        self.to = to
        self.count = count
        self.kind = kind
    }
}
