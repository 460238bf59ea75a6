// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Fleet
public import Timekeeping

extension Gateway {
    /// How long the columns of a profile hold when its rows are read.
    static let columnsAge = Duration.seconds(300)

    /// A profile, or why it could not be described.
    public struct ProfileEntry: Sendable {
        /// The profile object.
        public let object: MeterObject
        /// What it records.
        public let sheet: Result<ProfileSheet, GatewayError>
    }

    /// Rows about to be read: what concerns the meter as a whole has been settled.
    public struct PendingRows: Sendable {
        /// The profile.
        public let sheet: ProfileSheet
        let plan: RowsPlan
        let errand: MeterErrand
        let timings: ExchangeTimings
        /// Whether the rows come from the store.
        public let isStored: Bool
        let origin: ReadingOrigin
        private let query: RowsQuery
        /// At most so many rows in the answer.
        public var limit: Int?

        init(
            sheet: ProfileSheet,
            plan: RowsPlan,
            errand: MeterErrand,
            timings: ExchangeTimings,
            query: RowsQuery,
            isStored: Bool,
            origin: ReadingOrigin
        ) {
            self.isStored = isStored
            self.origin = origin
            self.sheet = sheet
            self.plan = plan
            self.errand = errand
            self.timings = timings
            self.query = query
            limit = query.limit
        }

        /// The columns that the rows will have, unless the meter changed them a moment ago.
        public var layout: ProfileLayout { plan.layout }

        /// How many rows are expected at the most; nil if nothing tells.
        public var mostRows: Int? {
            let inUse = plan.entriesInUse
            guard let window = plan.window else { return query.entries ?? inUse }
            let period = Int64(sheet.descriptor.capturePeriod)
            guard period > 0 else { return inUse }
            let slots = Int((window.to.seconds - window.from.seconds) / period) + 1
            return inUse.map { min($0, slots) } ?? slots
        }
    }

    /// The selective access for a range of time, in the local time of a meter.
    public func rangeSelection(
        of object: OBISCode,
        from: Timestamp?,
        to: Timestamp?,
        meter: String
    ) async throws(GatewayError) -> SelectiveAccess {
        let memory = try await directory.memory(of: meter)
        if let from, let to, from > to {
            throw .rangeNotSupported(
                ObjectTarget(meter: memory.id, object: object),
                reason: "it ends before it begins"
            )
        }
        let bounds = memory.behaviour.behaviour.profiles.rangeBounds(
            from: from?.seconds ?? .min,
            to: to?.seconds ?? .max,
            zone: memory.zone
        )
        guard let bounds else { throw .badParameter(name: "from", reason: "COSEM cannot write it", suggestion: nil) }
        return .range(from: bounds.from, to: bounds.to, restricting: .clock)
    }

    /// The profiles of a meter.
    public func profiles(
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> (entries: [ProfileEntry], timings: ExchangeTimings) {
        let memory = try await directory.memory(of: meter)
        let (profiles, timings) = try await profileReader.profiles(
            for: try wishes.errand(at: memory, in: association(wishes.association, for: .reading, memory)),
            freshness: wishes.freshness
        )
        return (profiles.map { ProfileEntry(object: $0.object, sheet: $0.sheet) }, timings)
    }

    /// One profile of a meter.
    public func profile(
        _ logicalName: OBISCode,
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> (sheet: ProfileSheet, timings: ExchangeTimings) {
        let memory = try await directory.memory(of: meter)
        return try await profileReader.profile(
            logicalName,
            for: try wishes.errand(at: memory, in: association(wishes.association, for: .reading, memory)),
            freshness: wishes.freshness
        )
    }

    /// Settles how to read rows, without reading them.
    public func prepareRows(
        _ query: RowsQuery,
        of logicalName: OBISCode,
        _ meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> PendingRows {
        let memory = try await directory.memory(of: meter)
        if let stored = try await prepareStoredRows(query, of: logicalName, memory, wishes) { return stored }
        let association = try association(wishes.association, for: .reading, memory)
        let errand = wishes.errand(at: memory, in: association)
        // What rows have is read again after a short while, so that values never stand in a wrong column for long.
        let (sheet, timings) = try await profileReader.profile(
            logicalName,
            for: errand,
            freshness: Freshness(maxAge: Self.columnsAge)
        )
        let plan = try await rowsReader.plan(query, of: sheet, errand)
        return PendingRows(
            sheet: sheet,
            plan: plan,
            errand: errand,
            timings: timings,
            query: query,
            isStored: false,
            origin: wishes.origin
        )
    }

    /// Settles to give rows from the store, if the caller wants that or need not know the difference; nil otherwise.
    ///
    /// - Throws: ``GatewayError/notCached(_:)`` when only stored rows are wanted and there are none.
    private func prepareStoredRows(
        _ query: RowsQuery,
        of logicalName: OBISCode,
        _ memory: MeterMemory,
        _ wishes: Wishes
    ) async throws(GatewayError) -> PendingRows? {
        let freshness = wishes.freshness
        guard freshness.onlyIfCached || (settings.storedRowsAreFinal && freshness.maxAge != .zero) else { return nil }
        guard let plan = try await storedRows.plan(query, of: logicalName, memory) else {
            if freshness.onlyIfCached { throw .notCached(memory.id) }
            return nil
        }
        if !freshness.onlyIfCached {
            guard try await storedRows.isComplete(plan, of: memory.id) else { return nil }
        }
        return PendingRows(
            sheet: plan.sheet,
            plan: plan,
            errand: wishes.errand(at: memory, in: wishes.association ?? ""),
            timings: .none,
            query: query,
            isStored: true,
            origin: wishes.origin
        )
    }

    /// A wish with its beginning where it is `since` the last success: after the newest row in the ledger.
    func beginning(
        _ query: RowsQuery,
        of profile: OBISCode,
        _ meter: MeterID
    ) async throws(GatewayError) -> RowsQuery {
        guard query.since != nil else { return query }
        let ledger = try await translating(await store.ledger(of: profile, meter: meter))
        return query.beginning(afterNewest: ledger?.newest, now: clock.now())
    }

    /// Reads rows and gives them all at once.
    public func collectRows(_ pending: PendingRows) async throws(GatewayError) -> RowsAnswer {
        var collector = RowsCollector(pending.plan, limit: pending.limit)
        let selection: RowsSelection
        do {
            selection = try await streamRows(pending) {
                collector.hasExcess
            } deliver: {
                collector.add($0)
            }
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .internal(reason: "rows failed: \(error)")
        }
        return collector.answer(
            pending.sheet,
            selection,
            isStored: pending.isStored,
            now: clock.now(),
            timings: pending.timings
        )
    }

    /// Reads rows and hands them over, oldest first, as they come.
    ///
    /// - Parameters:
    ///   - pending: the rows.
    ///   - isEnough: asked from time to time, whether more rows are wanted.
    ///   - deliver: takes rows; the next ones wait until it returns.
    /// - Returns: who chose rows and columns.
    public func streamRows(
        _ pending: PendingRows,
        isEnough: () -> Bool,
        deliver: (RowsBatch) async throws -> Void
    ) async throws -> RowsSelection {
        if pending.isStored {
            try await storedRows.read(pending.plan, of: pending.errand.memory.id) {
                !isEnough()
            } deliver: { batch, _ in
                try await deliver(batch)
            }
            return .none
        }
        var intake = RowsIntake(
            readingKeeper,
            of: pending.errand.memory,
            origin: pending.origin,
            sheet: pending.sheet
        )
        do {
            var isCutShort = false
            let selection = try await rowsReader.read(pending.plan, pending.errand) {
                isCutShort = isEnough()
                return isCutShort
            } deliver: { batch in
                try await intake?.add(batch)
                try await deliver(batch)
            }
            // Nothing is known to be missing of what was not asked for to its end.
            try await intake?.flush(asked: isCutShort ? nil : pending.plan.window.flatMap(\.range))
            return selection
        } catch {
            // What came before something went wrong is no less true.
            try? await intake?.flush()
            throw error
        }
    }
}
