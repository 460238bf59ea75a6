// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Fleet
public import Timekeeping

extension Gateway {
    /// What a profile of a meter lacks within a time.
    public struct GapReport: Sendable {
        /// The meter.
        public let meter: MeterID
        /// The profile.
        public let profile: OBISCode
        /// The time that was looked at, half-open.
        public let range: Range<Timestamp>
        /// What the profile should have; nil when none of its rows was ever asked for.
        public let ledger: ProfileLedger?
        /// The stretches without rows, oldest first.
        public let gaps: [ProfileGap]
        /// How many rows there should be, and are.
        public let counts: RowCounts
    }

    /// How far back gaps are shown to who does not say.
    static let usualGapTime = Duration.seconds(31 * 86_400)
    /// The longest time that one look at gaps covers, and how far back they are filled but for billing values.
    public static let longestGapTime = Duration.seconds(400 * 86_400)
    /// How far back gaps of billing values are filled.
    static let longestRecoveryTime = Duration.seconds(3660 * 86_400)

    /// How far back gaps of a profile are filled, by its billing day if it has one.
    static func recoveryTime(_ billingDay: BillingDay?) -> Duration {
        billingDay == nil ? longestGapTime : longestRecoveryTime
    }

    /// What a profile lacks, without asking the meter.
    ///
    /// - Parameters:
    ///   - from: the beginning; nil is 31 days before the end, and of billing values ``longestGapTime``.
    ///   - to: the end, excluded; nil is now.
    /// - Throws: ``Fleet/GatewayError/meterUnknown(text:)``, ``Fleet/GatewayError/rangeNotSupported(_:reason:)``
    ///   for a time that ends before it begins or is longer than ``longestGapTime``.
    public func gaps(
        of profile: OBISCode,
        meter: String,
        from: Timestamp?,
        to: Timestamp?
    ) async throws(GatewayError) -> GapReport {
        let memory = try await directory.memory(of: meter)
        let now = clock.now()
        let end = to ?? max(now, from ?? now)
        let ledger = try await translating(await store.ledger(of: profile, meter: memory.id))
        let start = from ?? end - (ledger?.billingDay == nil ? Self.usualGapTime : Self.longestGapTime)
        let target = ObjectTarget(meter: memory.id, object: profile)
        guard start <= end else { throw .rangeNotSupported(target, reason: "it ends before it begins") }
        guard end - start <= Self.longestGapTime else {
            throw .rangeNotSupported(target, reason: "it is longer than 400 days")
        }
        let book = try await book(of: profile, memory.id, in: start..<end)
        return GapReport(
            meter: memory.id,
            profile: profile,
            range: start..<end,
            ledger: book?.ledger,
            gaps: book?.gaps(in: start..<end, now: now) ?? [],
            counts: book?.counts(in: start..<end, now: now) ?? RowCounts()
        )
    }

    /// What meters have of what they should have on days that are over, profile by profile.
    ///
    /// - Returns: one page, and the sum over all of them.
    public func completeness(
        matching query: CompletenessQuery,
        after cursor: CompletenessCursor?,
        limit: Int
    ) async throws(GatewayError) -> (items: [ProfileCompleteness], total: RowCounts) {
        let items = try await translating(await store.completeness(matching: query, after: cursor, limit: limit))
        return (items, try await translating(await store.totalCompleteness(matching: query)))
    }

    /// The ledgers of a meter.
    func ledgers(of meter: MeterID) async throws(GatewayError) -> [ProfileLedger] {
        try await translating(await store.ledgers(of: meter))
    }

    /// The ledger of a profile with all its days in a time, also those that nothing was stored of.
    ///
    /// - Returns: nil when none of its rows was ever asked for.
    func book(
        of profile: OBISCode,
        _ meter: MeterID,
        in range: Range<Timestamp>,
        isIncomplete: Bool = false
    ) async throws(GatewayError) -> LedgerBook? {
        do throws(StoreError) {
            guard let ledger = try await store.ledger(of: profile, meter: meter) else { return nil }
            let rules = ZoneInfo.named(ledger.zone) ?? .utc
            var book = LedgerBook(ledger, days: [], rules: rules)
            let start = max(range.lowerBound, ledger.expectedFrom)
            guard let calendar = book.calendar, start < range.upperBound else { return book }
            let numbers = calendar.days(in: start..<range.upperBound)
            guard let first = numbers.first, let last = numbers.last else { return book }
            var days = try await store.days(of: profile, meter: meter, in: first...last, isIncomplete: isIncomplete)
            // Nobody has written down yet what is missing of days that are not closed.
            let open = numbers.filter { !isIncomplete || $0 > ledger.closedDay }
            if isIncomplete, let firstOpen = open.first {
                days += try await store.days(of: profile, meter: meter, in: firstOpen...last, isIncomplete: false)
            }
            book = LedgerBook(ledger, days: days, rules: rules)
            for number in open { book.open(number, calendar) }
            return book
        } catch {
            throw GatewayError(error)
        }
    }
}
