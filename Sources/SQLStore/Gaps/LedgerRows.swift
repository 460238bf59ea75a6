// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import Timekeeping

/// The statements over ledgers and their days, inside a transaction.
struct LedgerRows {
    let connection: any SQLConnection
    let dialect: Dialect

    static let columns =
        """
        meter_id, profile, capture_period, billing_day, zone, expected_from, newest, held_from, closed_day, recover_at,
        failures
        """
    static let dayColumns = "day, expected, received, lost, expected_slots, received_slots, lost_slots, asked_slots"

    /// Notes rows, and what the meter was asked for in vain; the meter must exist.
    func note(_ update: LedgerUpdate) throws {
        let known = try ledger(update.meter, update.profile, forUpdate: true)
        let opening = LedgerBook.opening(update, after: known)
        let (ledger, update) = (opening.ledger, opening.update)
        if opening.isNew, known != nil { try forgetDays(of: ledger) }
        let touched = LedgerBook(ledger, days: [], rules: update.rules).days(touchedBy: update)
        // Rows older than all before move the beginning, and with it what its day should have.
        let loaded = try touched.min().map { first in
            try days(ledger.meter, ledger.profile, in: first...(touched.max() ?? first), isIncomplete: false)
        }
        var book = LedgerBook(ledger, days: loaded ?? [], rules: update.rules)
        if let calendar = book.calendar {
            // The day that was the first so far may have begun late.
            let formerFirst = calendar.day(of: ledger.expectedFrom)
            if !touched.contains(formerFirst) {
                let day = try days(ledger.meter, ledger.profile, in: formerFirst...formerFirst, isIncomplete: false)
                for day in day { book.days[day.day] = day }
            }
        }
        let before = book.days
        book.apply(update)
        let isElsewhere = try hasIncompleteDay(ledger, outside: book.days.keys)
        if book.isRecoverable(now: update.now) || isElsewhere {
            book.ledger.recoverAt = book.ledger.recoverAt ?? update.now + LedgerBook.firstRecovery
        } else {
            book.ledger.recoverAt = nil
            book.ledger.failures = 0
        }
        try put(book.ledger)
        for (number, day) in book.days where before[number] != day { try put(day, of: book.ledger) }
    }

    /// One ledger.
    func ledger(_ meter: MeterID, _ profile: OBISCode, forUpdate: Bool = false) throws -> ProfileLedger? {
        try connection.query(
            """
            SELECT \(Self.columns) FROM profile_ledgers WHERE meter_id = :meter AND profile = :profile
            \(forUpdate ? dialect.forUpdate : "")
            """,
            ["meter": .text(meter.text), "profile": .text(profile.description)]
        ).first.flatMap { try Self.ledger($0) }
    }

    /// Days of a profile, in order.
    func days(
        _ meter: MeterID,
        _ profile: OBISCode,
        in days: ClosedRange<Int>,
        isIncomplete: Bool
    ) throws -> [ProfileDay] {
        try connection.query(
            """
            SELECT \(Self.dayColumns) FROM profile_days
            WHERE meter_id = :meter AND profile = :profile AND day BETWEEN :first AND :last
                \(isIncomplete ? "AND received + lost < expected" : "")
            ORDER BY day
            """,
            [
                "meter": .text(meter.text), "profile": .text(profile.description),
                "first": .integer(Int64(days.lowerBound)), "last": .integer(Int64(days.upperBound)),
            ]
        ).map { try Self.day($0) }
    }

    /// Writes a ledger in place of the one before.
    func put(_ ledger: ProfileLedger) throws(SQLError) {
        try connection.execute(
            """
            INSERT INTO profile_ledgers (\(Self.columns))
            VALUES (:meter, :profile, :period, :billing_day, :zone, :expected_from, :newest, :held_from, :closed,
                :recover, :failures)
            ON CONFLICT (meter_id, profile) DO UPDATE SET capture_period = excluded.capture_period,
                billing_day = excluded.billing_day, zone = excluded.zone, expected_from = excluded.expected_from,
                newest = excluded.newest, held_from = excluded.held_from, closed_day = excluded.closed_day,
                recover_at = excluded.recover_at, failures = excluded.failures
            """,
            [
                "meter": .text(ledger.meter.text), "profile": .text(ledger.profile.description),
                "period": .integer(Int64(ledger.capturePeriod)), "zone": .text(ledger.zone),
                "billing_day": .text(ledger.billingDay?.description ?? ""),
                "expected_from": .moment(ledger.expectedFrom), "newest": .moment(optional: ledger.newest),
                "held_from": .moment(optional: ledger.heldFrom), "closed": .integer(Int64(ledger.closedDay)),
                "recover": .moment(optional: ledger.recoverAt), "failures": .integer(Int64(ledger.failures)),
            ]
        )
    }

    private func put(_ day: ProfileDay, of ledger: ProfileLedger) throws(SQLError) {
        let received = day.received.intersection(day.expected)
        let lost = day.lost.intersection(day.expected)
        try connection.execute(
            """
            INSERT INTO profile_days (meter_id, profile, \(Self.dayColumns))
            VALUES (:meter, :profile, :day, :expected, :received, :lost, :expected_slots, :received_slots,
                :lost_slots, :asked_slots)
            ON CONFLICT (meter_id, profile, day) DO UPDATE SET expected = excluded.expected,
                received = excluded.received, lost = excluded.lost, expected_slots = excluded.expected_slots,
                received_slots = excluded.received_slots, lost_slots = excluded.lost_slots,
                asked_slots = excluded.asked_slots
            """,
            [
                "meter": .text(ledger.meter.text), "profile": .text(ledger.profile.description),
                "day": .integer(Int64(day.day)), "expected": .integer(Int64(day.expected.count)),
                "received": .integer(Int64(received.count)), "lost": .integer(Int64(lost.count)),
                "expected_slots": .text(Self.digits(day.expected)), "received_slots": .text(Self.digits(received)),
                "lost_slots": .text(lost.isEmpty ? "" : lost.text),
                "asked_slots": .text(day.asked.isEmpty ? "" : day.asked.text),
            ]
        )
    }

    private func forgetDays(of ledger: ProfileLedger) throws(SQLError) {
        try connection.execute(
            "DELETE FROM profile_days WHERE meter_id = :meter AND profile = :profile",
            ["meter": .text(ledger.meter.text), "profile": .text(ledger.profile.description)]
        )
    }

    /// Whether a closed day other than those given has rows that may still come.
    private func hasIncompleteDay(_ ledger: ProfileLedger, outside known: some Collection<Int>) throws -> Bool {
        let rows = try connection.query(
            """
            SELECT day FROM profile_days WHERE meter_id = :meter AND profile = :profile AND received + lost < expected
                AND day <= :closed
            ORDER BY day LIMIT :limit
            """,
            [
                "meter": .text(ledger.meter.text), "profile": .text(ledger.profile.description),
                "closed": .integer(Int64(ledger.closedDay)), "limit": .integer(Int64(known.count + 1)),
            ]
        )
        return try rows.contains { !known.contains(try $0.integer("day")) }
    }

    /// The ledger of a row; nil if it belongs to something that no longer reads back.
    static func ledger(_ row: SQLRow) throws -> ProfileLedger? {
        guard let meter = MeterID(try row.text("meter_id")), let profile = OBISCode(try row.text("profile")) else {
            throw SQLError.unexpectedResult(reason: "a ledger names no meter or no profile")
        }
        return ProfileLedger(
            meter: meter,
            profile: profile,
            capturePeriod: UInt32(clamping: try row.integer("capture_period")),
            billingDay: BillingDay(try row.text("billing_day")),
            zone: try row.text("zone"),
            expectedFrom: try row.moment("expected_from"),
            newest: try row.optionalMoment("newest"),
            heldFrom: try row.optionalMoment("held_from"),
            closedDay: try row.integer("closed_day"),
            recoverAt: try row.optionalMoment("recover_at"),
            failures: try row.integer("failures")
        )
    }

    private static func day(_ row: SQLRow) throws(SQLError) -> ProfileDay {
        func slots(_ name: String, first: Int) throws(SQLError) -> SlotSet {
            let text = try row.text(name)
            if text.isEmpty { return SlotSet(first: first) }
            guard let slots = SlotSet(text: text) else {
                throw .unexpectedResult(reason: "the column \(name) holds no set of slots")
            }
            return slots
        }
        return ProfileDay(
            day: try row.integer("day"),
            expected: try slots("expected_slots", first: try row.integer("expected")),
            received: try slots("received_slots", first: try row.integer("received")),
            lost: try slots("lost_slots", first: 0),
            asked: try slots("asked_slots", first: 0)
        )
    }

    /// The digits of a set, none for the slots counted first, which is what complete days have.
    private static func digits(_ slots: SlotSet) -> String {
        slots == SlotSet(first: slots.count) ? "" : slots.text
    }
}
