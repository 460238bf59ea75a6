// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Fleet
public import Timekeeping

extension Gateway {
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
        let plan: RowsReader.Plan
        let memory: MeterMemory
        let association: String
        let timings: ExchangeTimings
        let query: RowsQuery

        /// Whether rows come oldest first and none has to be left out at the end, so that they can go out as they come.
        public var canStream: Bool { !sheet.isNewestFirst && (query.entries == nil || plan.window == nil) }
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
        let zone = ZoneInfo(name: memory.record.configuration.timeZone) ?? .utc
        let bounds = RowsReader.bounds
        let first = min(max(from?.seconds ?? bounds.lowerBound, bounds.lowerBound), bounds.upperBound)
        let last = min(max(to?.seconds ?? bounds.upperBound, bounds.lowerBound), bounds.upperBound)
        guard let begin = ProfileTime(utcSeconds: first, zone: zone),
            let end = ProfileTime(utcSeconds: last, zone: zone)
        else { throw .badParameter(name: "from", reason: "COSEM cannot write it", suggestion: nil) }
        return .range(from: begin.dateTime, to: end.dateTime)
    }

    /// The profiles of a meter.
    public func profiles(
        of meter: String,
        _ wishes: Wishes
    ) async throws(GatewayError) -> (entries: [ProfileEntry], timings: ExchangeTimings) {
        let memory = try await directory.memory(of: meter)
        let (profiles, timings) = try await profileReader.profiles(
            of: memory,
            association: try association(wishes.association, for: .reading, memory),
            freshness: wishes.freshness,
            within: wishes.budget,
            priority: wishes.priority
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
            of: memory,
            association: try association(wishes.association, for: .reading, memory),
            freshness: wishes.freshness,
            within: wishes.budget,
            priority: wishes.priority
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
        let association = try association(wishes.association, for: .reading, memory)
        let (sheet, timings) = try await profileReader.profile(
            logicalName,
            of: memory,
            association: association,
            freshness: .usual,
            within: wishes.budget,
            priority: wishes.priority
        )
        let plan = try await rowsReader.plan(
            query,
            of: sheet,
            memory,
            association: association,
            within: wishes.budget,
            priority: wishes.priority
        )
        return PendingRows(
            sheet: sheet,
            plan: plan,
            memory: memory,
            association: association,
            timings: timings,
            query: query
        )
    }

    /// Reads rows and gives them all at once.
    public func collectRows(_ pending: PendingRows, _ wishes: Wishes) async throws(GatewayError) -> RowsAnswer {
        var collector = RowsCollector(pending.plan, limit: pending.query.limit)
        do {
            try await rowsReader.read(
                pending.plan,
                of: pending.memory,
                association: pending.association,
                within: wishes.budget,
                priority: wishes.priority
            ) { collector.add($0) }
        } catch let error as GatewayError {
            throw error
        } catch {
            throw .internal(reason: "rows failed: \(error)")
        }
        return collector.answer(now: clock.now(), timings: pending.timings)
    }

    /// Reads rows and hands them over as they come; only where ``PendingRows/canStream``.
    public func streamRows(
        _ pending: PendingRows,
        _ wishes: Wishes,
        _ deliver: (ProfileRow) async throws -> Void
    ) async throws {
        try await rowsReader.read(
            pending.plan,
            of: pending.memory,
            association: pending.association,
            within: wishes.budget,
            priority: wishes.priority,
            deliver: deliver
        )
    }
}
