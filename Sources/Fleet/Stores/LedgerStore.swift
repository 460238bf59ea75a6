// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Timekeeping

/// Keeps what profiles should have by now, against what is stored.
public protocol LedgerStore: Sendable {
    /// Notes rows that are stored elsewhere; rows and ledger are kept in one transaction by ``ReadingStore``.
    ///
    /// - Throws: ``StoreError/referenceUnknown(_:)`` for a meter that does not exist.
    func note(_ update: LedgerUpdate) async throws(StoreError)

    /// The ledgers of a meter, in the order of their profiles.
    func ledgers(of meter: MeterID) async throws(StoreError) -> [ProfileLedger]

    /// The ledger of one profile; nil when none of its rows was ever asked for.
    func ledger(of profile: OBISCode, meter: MeterID) async throws(StoreError) -> ProfileLedger?

    /// The days of a profile that are known, in order.
    ///
    /// - Parameter isIncomplete: only those with rows that may still come.
    func days(
        of profile: OBISCode,
        meter: MeterID,
        in days: ClosedRange<Int>,
        isIncomplete: Bool
    ) async throws(StoreError) -> [ProfileDay]

    /// What meters have of what they should have, profile by profile, in the order of meters and profiles.
    func completeness(
        matching query: CompletenessQuery,
        after cursor: CompletenessCursor?,
        limit: Int
    ) async throws(StoreError) -> [ProfileCompleteness]

    /// The sum of ``completeness(matching:after:limit:)`` over all meters and profiles.
    func totalCompleteness(matching query: CompletenessQuery) async throws(StoreError) -> RowCounts

    /// The kinds of ledgers that have days before one in their zone that nobody has closed.
    func ledgersToClose() async throws(StoreError) -> [LedgerKind]

    /// Writes down that a day is over for all ledgers of a kind, so that what is missing of it shows.
    ///
    /// - Parameters:
    ///   - day: the local day.
    ///   - kind: whose.
    ///   - expected: how many rows the day should have.
    ///   - recoverAt: when meters are to be asked for what is missing.
    /// - Returns: how many ledgers had nothing of that day.
    func closeDay(
        _ day: Int,
        of kind: LedgerKind,
        expected: Int,
        recoverAt: Timestamp
    ) async throws(StoreError) -> Int

    /// Hands out profiles that have something to recover, each at most once until its next attempt.
    ///
    /// - Parameters:
    ///   - now: the present moment.
    ///   - limit: how many at most.
    ///   - pause: the time until the next attempt after the first one; doubled for each attempt, up to 16 times.
    func claimRecoveries(now: Timestamp, limit: Int, pause: Duration) async throws(StoreError) -> [ProfileLedger]
}

/// Ledgers whose days are alike.
public struct LedgerKind: Hashable, Sendable {
    /// Seconds between two rows; 0 where only the calendar tells.
    public let capturePeriod: UInt32
    /// The day of each month or year that has a row, if any.
    public let billingDay: BillingDay?
    /// The name of the zone.
    public let zone: String
    /// The earliest of the last days that were closed.
    public var closedDay: Int

    /// Makes a kind.
    public init(capturePeriod: UInt32, billingDay: BillingDay? = nil, zone: String, closedDay: Int) {
        self.capturePeriod = capturePeriod
        self.billingDay = billingDay
        self.zone = zone
        self.closedDay = closedDay
    }
}

/// How many rows there should be, and are.
public struct RowCounts: Hashable, Sendable {
    /// How many there should be.
    public var expected: Int
    /// How many are stored.
    public var received: Int
    /// How many will never come.
    public var lost: Int

    /// Makes counts, by default of nothing.
    public init(expected: Int = 0, received: Int = 0, lost: Int = 0) {
        self.expected = expected
        self.received = received
        self.lost = lost
    }

    /// The share of what there should be, from 0 to 1; 1 where nothing is expected.
    public var completeness: Double {
        expected > 0 ? min(Double(received) / Double(expected), 1) : 1
    }

    /// The share of what meters have or had to give, from 0 to 1; 1 where that is nothing.
    public var completenessOfRecorded: Double {
        expected > lost ? min(Double(received) / Double(expected - lost), 1) : 1
    }
}

/// What a meter has of what it should have in one profile.
public struct ProfileCompleteness: Hashable, Sendable {
    /// The meter.
    public let meter: MeterID
    /// The profile.
    public let profile: OBISCode
    /// The counts.
    public let counts: RowCounts

    /// Makes a record.
    public init(meter: MeterID, profile: OBISCode, counts: RowCounts) {
        self.meter = meter
        self.profile = profile
        self.counts = counts
    }
}

/// Whose completeness, of which days.
public struct CompletenessQuery: Hashable, Sendable {
    /// Meters that match.
    public var meters: MeterQuery
    /// One meter only.
    public var meter: MeterID?
    /// One profile only.
    public var profile: OBISCode?
    /// Local days, in days since 1970-01-01.
    public var days: ClosedRange<Int>

    /// Makes a query.
    public init(
        meters: MeterQuery = MeterQuery(),
        meter: MeterID? = nil,
        profile: OBISCode? = nil,
        days: ClosedRange<Int>
    ) {
        self.meters = meters
        self.meter = meter
        self.profile = profile
        self.days = days
    }
}

/// Where a list of completeness goes on: after this meter and profile.
public struct CompletenessCursor: Hashable, Sendable {
    /// The meter.
    public let meter: MeterID
    /// The profile.
    public let profile: OBISCode

    /// Makes a cursor.
    public init(meter: MeterID, profile: OBISCode) {
        self.meter = meter
        self.profile = profile
    }
}
