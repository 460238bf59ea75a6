// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A ledger with the days that an update touches, and the rules of keeping both.
///
/// Free of the database: the store loads the days of days(touchedBy:), lets the update be applied, and writes
/// what comes out.
public struct LedgerBook: Sendable {
    /// The ledger.
    public var ledger: ProfileLedger
    /// Days by their number.
    public var days: [Int: ProfileDay]
    /// When rows are expected; nil where there is no telling.
    public let calendar: CaptureCalendar?

    /// How long after the end of a slot its row may still be on its way.
    public static let grace = Duration.seconds(300)
    /// How soon after a gap is seen the meter is asked for it.
    public static let firstRecovery = Duration.seconds(300)

    /// Takes a ledger and the days that were loaded.
    public init(_ ledger: ProfileLedger, days: [ProfileDay], rules: any TimeZoneRules) {
        self.ledger = ledger
        self.days = Dictionary(days.map { ($0.day, $0) }, uniquingKeysWith: { $1 })
        calendar = CaptureCalendar(period: ledger.capturePeriod, billing: ledger.billingDay, rules: rules)
    }

    /// A ledger to which an update is to be applied.
    public struct Opening: Sendable {
        /// The ledger.
        public var ledger: ProfileLedger
        /// Whether it begins anew, so that days that were known say nothing any more.
        public var isNew: Bool
        /// What is to be applied.
        public var update: LedgerUpdate
    }

    /// The ledger that an update goes into: the known one, unless there is none, or the period or the billing day is
    /// another by now.
    public static func opening(_ update: LedgerUpdate, after known: ProfileLedger? = nil) -> Opening {
        var update = update
        var billing = update.shownBillingDay(after: nil)
        if let known, known.capturePeriod == update.capturePeriod {
            billing = update.shownBillingDay(after: known)
            guard let billing, billing != known.billingDay else {
                return Opening(ledger: known, isNew: false, update: update)
            }
            // The row that was there already has helped to show the day, and counts for it.
            if let newest = known.newest { update.rows.append(newest) }
        }
        let first = update.rows.min() ?? update.asked?.lowerBound ?? update.now
        let calendar = CaptureCalendar(period: update.capturePeriod, billing: billing, rules: update.rules)
        let ledger = ProfileLedger(
            meter: update.meter,
            profile: update.profile,
            capturePeriod: update.capturePeriod,
            billingDay: billing,
            zone: update.zone,
            expectedFrom: first,
            newest: known?.newest,
            heldFrom: known?.heldFrom,
            // Days before the first row are nobody's business.
            closedDay: (calendar?.day(of: first) ?? 0) - 1,
            recoverAt: known?.recoverAt,
            failures: known?.failures ?? 0
        )
        return Opening(ledger: ledger, isNew: true, update: update)
    }

    /// The days that an update of this ledger concerns.
    public func days(touchedBy update: LedgerUpdate) -> Set<Int> {
        guard let calendar else { return [] }
        var days = Set(update.rows.map { calendar.day(of: $0) })
        if let asked = update.asked {
            let end = min(asked.upperBound, update.now)
            // No more of an asked time is looked at, counted from its end.
            let start = max(asked.lowerBound, end - calendar.reach)
            if start < end { days.formUnion(calendar.days(in: start..<end)) }
        }
        return days
    }

    /// Notes rows, and what the meter was asked for without having it.
    public mutating func apply(_ update: LedgerUpdate) {
        // A clock that stood ahead leaves rows of a time to come, behind which no others would be looked for.
        let latest = update.now + Self.grace
        let last = update.rows.lazy.filter { $0 <= latest }.max()
        let known = ledger.newest.flatMap { $0 <= latest ? $0 : nil }
        ledger.newest = [known, last].compactMap { $0 }.max()
        if let first = update.rows.min(), first < ledger.expectedFrom {
            ledger.expectedFrom = first
            // Nobody has written down what is missing of the days since, which are closed once more.
            if let calendar { ledger.closedDay = min(ledger.closedDay, calendar.day(of: first) - 1) }
        }
        ledger.zone = update.zone
        guard let calendar else { return }
        for row in update.rows {
            let number = calendar.day(of: row)
            open(number, calendar)
            guard let slot = calendar.slots(of: number).slot(of: row.seconds) else { continue }
            days[number]?.received.insert(slot)
            days[number]?.lost.remove(slot)
            days[number]?.asked.remove(slot)
        }
        if let asked = update.asked { noteAsked(asked, update, calendar) }
        days = days.mapValues { day in
            var day = day
            day.expected = expected(on: day.day, calendar)
            return day
        }
    }

    /// Makes a day that nothing is known of yet.
    public mutating func open(_ number: Int, _ calendar: CaptureCalendar) {
        guard days[number] == nil else { return }
        days[number] = ProfileDay(day: number, expected: expected(on: number, calendar))
    }

    /// The slots of a day that should have rows: those from ProfileLedger/expectedFrom on.
    private func expected(on number: Int, _ calendar: CaptureCalendar) -> SlotSet {
        var expected = SlotSet()
        let slots = calendar.slots(of: number)
        for index in 0..<slots.count where slots.endOfSlot(index) > ledger.expectedFrom.seconds {
            expected.insert(index)
        }
        return expected
    }

    /// A slot of the asked time without a row was in vain; the second time, or when the meter holds nothing that old, for good.
    private mutating func noteAsked(_ asked: Range<Timestamp>, _ update: LedgerUpdate, _ calendar: CaptureCalendar) {
        let end = min(asked.upperBound, update.now - Self.grace)
        let start = max(asked.lowerBound, ledger.expectedFrom, end - calendar.reach)
        if let capacity = update.capacity {
            // A buffer of so many rows cannot reach further back, whatever was captured.
            let reach = Duration.seconds(Int64(clamping: capacity) * calendar.period + calendar.period)
            let oldest = max(update.now - reach, ledger.expectedFrom)
            ledger.heldFrom = max(ledger.heldFrom ?? oldest, oldest)
        }
        guard start < end else { return }
        for number in calendar.days(in: start..<end) {
            open(number, calendar)
            let slots = calendar.slots(of: number)
            for index in 0..<slots.count
            where slots.instants[index] >= start.seconds && slots.due(index) <= end.seconds {
                guard var day = days[number], day.isMissing(index) else { continue }
                let isForgotten = ledger.heldFrom.map { slots.instants[index] < $0.seconds } ?? false
                if day.asked.contains(index) || isForgotten { day.lost.insert(index) } else { day.asked.insert(index) }
                days[number] = day
            }
        }
    }

    /// Whether the meter should be asked for something: a row is missing before the newest one, or on a day that is over.
    public func isRecoverable(now: Timestamp) -> Bool {
        guard let calendar else { return false }
        let today = calendar.today(at: now)
        return days.values.contains { day in
            guard day.missing > 0 else { return false }
            guard day.day >= today else { return true }
            let reach = min(ledger.newest ?? ledger.expectedFrom, now - Self.grace).seconds
            let slots = calendar.slots(of: day.day)
            return (0..<slots.count).contains { slots.due($0) <= reach && day.isMissing($0) }
        }
    }

    /// How many rows there should be within a time, and are, of the days that are loaded.
    ///
    /// Slots whose row may still be on its way do not count.
    public func counts(in range: Range<Timestamp>, now: Timestamp) -> RowCounts {
        var counts = RowCounts()
        forEachSlot(in: range, now: now) { day, index, _ in
            counts.expected += 1
            if day.received.contains(index) {
                counts.received += 1
            } else if day.lost.contains(index) {
                counts.lost += 1
            }
        }
        return counts
    }

    /// The stretches without rows within a time, oldest first, of the days that are loaded.
    ///
    /// Slots whose row may still be on its way do not count.
    public func gaps(in range: Range<Timestamp>, now: Timestamp) -> [ProfileGap] {
        var gaps: [ProfileGap] = []
        forEachSlot(in: range, now: now) { day, index, slot in
            guard !day.received.contains(index) else { return }
            let kind: ProfileGap.Kind =
                if !day.lost.contains(index) {
                    .missing
                } else if let held = ledger.heldFrom, slot.lowerBound < held.seconds {
                    .overwritten
                } else {
                    .neverRecorded
                }
            if let last = gaps.last, last.to == slot.lowerBound, last.kind == kind {
                gaps[gaps.count - 1] = ProfileGap(
                    from: last.from,
                    to: slot.upperBound,
                    count: last.count + 1,
                    kind: kind
                )
            } else {
                gaps.append(ProfileGap(from: slot.lowerBound, to: slot.upperBound, count: 1, kind: kind))
            }
        }
        return gaps
    }

    /// Visits the slots that should have rows by now.
    private func forEachSlot(
        in range: Range<Timestamp>,
        now: Timestamp,
        _ body: (_ day: ProfileDay, _ index: Int, _ slot: Range<Int64>) -> Void
    ) {
        guard let calendar else { return }
        let start = max(range.lowerBound, ledger.expectedFrom).seconds
        let end = min(range.upperBound, now - Self.grace).seconds
        for number in days.keys.sorted() {
            guard let day = days[number] else { continue }
            let slots = calendar.slots(of: number)
            for index in 0..<slots.count where day.expected.contains(index) {
                let slot = slots.instants[index]..<slots.endOfSlot(index)
                if slot.upperBound > start, slots.due(index) <= end { body(day, index, slot) }
            }
        }
    }
}
