// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Fleet
public import Timekeeping

extension Gateway {
    /// Waits until the readings of all who were answered so far are stored, or counted as refused by the store.
    public func settleReadings() async {
        await readingKeeper.queue.settle()
    }

    /// The newest stored readings of a meter, each under its name.
    public struct LatestReadings: Sendable {
        /// The name asked for, or the usual one, with the reading; in the order asked for.
        public let readings: [(name: String, reading: StoredReading)]
        /// Names of which nothing is stored.
        public let missing: [String]
    }

    /// The newest stored readings of a meter, whatever brought them.
    ///
    /// - Parameter names: what is wanted; nil for everything.
    public func latestReadings(
        of meter: String,
        names: [ReadingName]?
    ) async throws(GatewayError) -> LatestReadings {
        let id = try await self.meter(meter).id
        await settleReadings()
        do throws(StoreError) {
            let series = try await store.readingSeries(of: id).filter { entry in
                !entry.isRows && (names?.contains { $0.matches(entry.series) } ?? true)
            }
            let found = try await store.latestReadings(of: id, series: series)
            guard let names else {
                // A register that is read by itself and in profiles has one newest value.
                var newest: [String: StoredReading] = [:]
                for reading in found {
                    let name = ReadingName.usual(reading.series)
                    if newest[name].map({ $0.at < reading.at }) ?? true { newest[name] = reading }
                }
                return LatestReadings(
                    readings: newest.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                    missing: []
                )
            }
            var readings: [(name: String, reading: StoredReading)] = []
            var missing: [String] = []
            for name in names {
                let newest = found.filter { name.matches($0.series) }.max { $0.at < $1.at }
                if let newest { readings.append((name.text, newest)) } else { missing.append(name.text) }
            }
            return LatestReadings(readings: readings, missing: missing)
        } catch {
            throw GatewayError(error)
        }
    }

    /// Which stored readings a caller wants.
    public struct ReadingsQuery: Sendable {
        /// The meters.
        public var target: TargetSelection
        /// The names; nil for everything.
        public var names: [ReadingName]?
        /// The first instant, and the one before which they end.
        public var range: Range<Timestamp>
        /// Whether origin, raw time and status are wanted.
        public var withDetail: Bool

        /// Makes a query.
        public init(target: TargetSelection, names: [ReadingName]?, range: Range<Timestamp>, withDetail: Bool) {
            self.target = target
            self.names = names
            self.range = range
            self.withDetail = withDetail
        }
    }

    /// Where a list of readings goes on.
    public struct ReadingsCursor: Hashable, Sendable {
        /// The meter.
        public let meter: MeterID
        /// The number of the series.
        public let series: Int
        /// The instant of the first reading of the series that is still to come.
        public let at: Timestamp

        /// Makes a place.
        public init(meter: MeterID, series: Int, at: Timestamp) {
            self.meter = meter
            self.series = series
            self.at = at
        }
    }

    /// Hands over stored readings in the order of meters, series and instants, some at a time.
    ///
    /// - Parameters:
    ///   - query: which.
    ///   - cursor: where to go on; nil begins.
    ///   - limit: how many at most; nil for all.
    ///   - deliver: takes readings of one meter; the next ones wait until it returns.
    /// - Returns: where the rest begins; nil when there is none.
    public func readings(
        matching query: ReadingsQuery,
        from cursor: ReadingsCursor?,
        limit: Int?,
        deliver: (MeterID, [StoredReading]) async throws -> Void
    ) async throws -> ReadingsCursor? {
        await settleReadings()
        var left = limit ?? .max
        var page = try await meters(of: query.target, from: cursor?.meter)
        while true {
            for meter in page.items {
                let start = cursor.flatMap { $0.meter == meter ? $0 : nil }
                let rest = try await readings(of: meter, query, from: start, &left, deliver)
                if let rest { return rest }
            }
            guard let next = page.next else { return nil }
            page = try await targets.page(of: query.target, after: next, limit: 200)
        }
    }

    /// The meters of a selection from one on.
    private func meters(
        of target: TargetSelection,
        from first: MeterID?
    ) async throws(GatewayError) -> Page<MeterID> {
        try await targets.check(target)
        var page = try await targets.page(of: target, limit: 200)
        guard let first else { return page }
        while true {
            if let place = page.items.firstIndex(of: first) {
                return Page(items: Array(page.items[place...]), next: page.next)
            }
            guard let next = page.next else { return Page(items: [], next: nil) }
            page = try await targets.page(of: target, after: next, limit: 200)
        }
    }

    /// The readings of one meter; where the rest begins if there were more than are wanted.
    private func readings(
        of meter: MeterID,
        _ query: ReadingsQuery,
        from start: ReadingsCursor?,
        _ left: inout Int,
        _ deliver: (MeterID, [StoredReading]) async throws -> Void
    ) async throws -> ReadingsCursor? {
        let series = try await translating(await store.readingSeries(of: meter))
        for entry in series where !entry.isRows && (query.names?.contains { $0.matches(entry.series) } ?? true) {
            if let start, entry.number < start.series { continue }
            var range = query.range
            if let start, entry.number == start.series {
                range = max(start.at, range.lowerBound)..<max(start.at, range.upperBound)
            }
            while !range.isEmpty {
                let wanted = min(left, Self.readingsInPage - 1) + 1
                var readings = try await translating(
                    await store.readings(
                        of: meter,
                        series: entry,
                        in: range,
                        limit: wanted,
                        withDetail: query.withDetail
                    )
                )
                // One more than is wanted tells whether there is a rest.
                let further = readings.count == wanted ? readings.removeLast() : nil
                left -= readings.count
                if !readings.isEmpty { try await deliver(meter, readings) }
                guard let further else { break }
                guard left > 0 else { return ReadingsCursor(meter: meter, series: entry.number, at: further.at) }
                range = further.at..<range.upperBound
            }
        }
        return nil
    }

    private static let readingsInPage = 2000
    /// How many meters are looked at in one transaction when old readings are removed.
    private static let metersInSweep = 50

    /// Removes readings of before a time, some meters at a time so that others can write in between.
    ///
    /// - Returns: how many were removed.
    public func removeReadings(olderThan age: Duration) async throws(GatewayError) -> Int {
        var removed = 0
        var last: MeterID?
        repeat {
            let part = try await translating(
                await store.removeReadings(before: clock.now() - age, after: last, limit: Self.metersInSweep)
            )
            removed += part.removed
            last = part.last
        } while last != nil && !Task.isCancelled
        return removed
    }
}
