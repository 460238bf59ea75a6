// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Timekeeping

/// What a profile of a meter should have by now, against what is stored.
public struct ProfileLedger: Hashable, Sendable {
    /// The meter.
    public let meter: MeterID
    /// The logical name of the profile.
    public let profile: OBISCode
    /// Seconds between two rows; 0 where rows come without a fixed period.
    public var capturePeriod: UInt32
    /// The day of each month or year that has a row; nil where there is none, or none is known yet.
    public var billingDay: BillingDay?
    /// The name of the meter's zone, which its days follow.
    public var zone: String
    /// From when on rows are expected.
    public var expectedFrom: Timestamp
    /// The newest row that is stored; where reading goes on.
    public var newest: Timestamp?
    /// The meter is known to hold nothing older.
    public var heldFrom: Timestamp?
    /// The last local day that is known to be over, in days since 1970-01-01.
    public var closedDay: Int
    /// When the meter is to be asked for what is missing; nil when nothing is.
    public var recoverAt: Timestamp?
    /// How many attempts to recover failed in a row.
    public var failures: Int

    /// Makes a ledger.
    public init(
        meter: MeterID,
        profile: OBISCode,
        capturePeriod: UInt32,
        billingDay: BillingDay? = nil,
        zone: String,
        expectedFrom: Timestamp,
        newest: Timestamp? = nil,
        heldFrom: Timestamp? = nil,
        closedDay: Int,
        recoverAt: Timestamp? = nil,
        failures: Int = 0
    ) {
        self.meter = meter
        self.profile = profile
        self.capturePeriod = capturePeriod
        self.billingDay = billingDay
        self.zone = zone
        self.expectedFrom = expectedFrom
        self.newest = newest
        self.heldFrom = heldFrom
        self.closedDay = closedDay
        self.recoverAt = recoverAt
        self.failures = failures
    }
}

/// Rows of a profile that were stored, and what was asked for.
public struct LedgerUpdate: Sendable {
    /// The meter.
    public var meter: MeterID
    /// The logical name of the profile.
    public var profile: OBISCode
    /// Seconds between two rows; 0 without a fixed period.
    public var capturePeriod: UInt32
    /// The name of the meter's zone.
    public var zone: String
    /// The rules of that zone.
    public var rules: any TimeZoneRules
    /// The instants of the rows, in any order.
    public var rows: [Timestamp]
    /// The time that the meter was asked for and that its answer covers whole; nil if it was not asked for a time.
    public var asked: Range<Timestamp>?
    /// How many rows the meter's buffer has room for (class 7, attribute 8); nil if that is not known.
    public var capacity: Int?
    /// The present moment.
    public var now: Timestamp

    /// Makes an update.
    public init(
        meter: MeterID,
        profile: OBISCode,
        capturePeriod: UInt32,
        zone: String,
        rules: any TimeZoneRules,
        rows: [Timestamp],
        asked: Range<Timestamp>? = nil,
        capacity: Int? = nil,
        now: Timestamp
    ) {
        self.meter = meter
        self.profile = profile
        self.capturePeriod = capturePeriod
        self.zone = zone
        self.rules = rules
        self.rows = rows
        self.asked = asked
        self.capacity = capacity
        self.now = now
    }
}

extension LedgerUpdate {
    /// The billing day that the rows show, together with the newest one before; nil where they show none.
    ///
    /// - Parameter ledger: what is known so far; what is older than its newest row changes no day that is known, nor does
    ///   that row itself if it lies on this day.
    public func shownBillingDay(after ledger: ProfileLedger?) -> BillingDay? {
        guard BillingDay.mayBe(of: profile, period: capturePeriod) else { return nil }
        let (newest, known) = (ledger?.newest, ledger?.billingDay)
        let fresh = known == nil ? rows : rows.filter { row in newest.map { row > $0 } ?? true }
        var days = fresh.map { rules.localDay(of: $0) }
        if let day = newest.map({ rules.localDay(of: $0) }),
            known?.fits(CivilDate(daysSinceEpoch: day)) != true
        {
            days.append(day)
        }
        return BillingDay.shown(by: days, period: capturePeriod, known: known)
    }
}
