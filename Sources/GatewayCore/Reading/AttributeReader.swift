// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import Timekeeping

/// Reads attributes: from memory where that is young enough, the rest from the meter in as few exchanges as possible.
struct AttributeReader: Sendable {
    /// How long a scaler_unit holds.
    static let scalerAge = Duration.seconds(86_400)
    /// So many attributes go into one request at most, so that urgent work can pass between two requests.
    static let mostInOneRequest = 32

    let exchange: MeterExchange
    let objects: ObjectDirectory
    let clock: any WallClock
    let metrics: GatewayMetrics
    /// How long values hold unless the caller wants them younger.
    let usualAge: Duration

    /// Reads attributes in one association.
    ///
    /// - Throws: what concerns the meter as a whole; what concerns one attribute is its outcome.
    func read(
        _ queries: [AttributeQuery],
        for errand: MeterErrand,
        freshness: Freshness
    ) async throws(GatewayError) -> ReadAnswer {
        let (memory, association) = (errand.memory, errand.association)
        var timings = ExchangeTimings.none
        var listSource = ReadingSource.cache
        // Before anything is looked up, so that no change of it goes unnoticed.
        var standing = StandingRead(memory: memory, generation: memory.generation, metrics: metrics)
        var list = try await objectList(
            naming: queries,
            for: errand,
            freshness: freshness,
            timings: &timings,
            source: &listSource
        )
        list = try await withUnlisted(
            queries,
            list,
            for: errand,
            freshness: freshness,
            timings: &timings
        )
        if let list, !freshness.onlyIfCached { standing.bound(list.readAt, ObjectDirectory.usualAge) }
        let resolver = AttributeResolver(memory: memory, list: list)
        var plan = ReadPlan(errand, now: clock.now())
        var keptCount = 0
        for query in queries {
            do throws(GatewayError) {
                let found = try resolver.attribute(query)
                let usual = usualAge(of: found)
                if let read = plan.justRead(found, list, listSource) {
                    plan.add(query, found, .success(read))
                } else if query.selection == nil, let kept = plan.kept(found, freshness: freshness, usual: usual) {
                    metrics.valueHits.increment()
                    keptCount += 1
                    standing.bound(kept.readAt, freshness.limit(usual: usual))
                    plan.add(query, found, .success(kept))
                } else if freshness.onlyIfCached {
                    plan.add(query, found, .failure(.notCached(memory.id)))
                } else {
                    metrics.cacheMisses.increment(MetricLabels("values"))
                    plan.fetch(query, found, scalerAge: Self.scalerAge)
                }
            } catch {
                plan.add(query, nil, .failure(error))
            }
        }
        try await fetch(&plan, for: errand, timings: &timings)
        return ReadAnswer(
            association: association,
            outcomes: plan.outcomes(readAt: clock.now()),
            timings: timings,
            standing: keptCount == queries.count ? standing : nil
        )
    }

    /// The object list, nil where it is not needed or the meter does not give it.
    private func objectList(
        naming queries: [AttributeQuery],
        for errand: MeterErrand,
        freshness: Freshness,
        timings: inout ExchangeTimings,
        source: inout ReadingSource
    ) async throws(GatewayError) -> ListedObjects? {
        guard queries.contains(where: { $0.classID == nil }) else {
            return errand.memory.objectList(errand.association)
        }
        do throws(GatewayError) {
            let answer = try await objects.list(
                for: errand,
                freshness: Freshness(onlyIfCached: freshness.onlyIfCached)
            )
            timings += answer.timings
            source = answer.source
            return answer.list
        } catch {
            // A meter that answers but does not show its list can still be read by callers who name the class.
            guard error.dlms != nil, queries.contains(where: { $0.classID != nil }) else { throw error }
            return nil
        }
    }

    /// The object list with what a text meter has beside its readout, found out by asking for it.
    private func withUnlisted(
        _ queries: [AttributeQuery],
        _ list: ListedObjects?,
        for errand: MeterErrand,
        freshness: Freshness,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) -> ListedObjects? {
        guard let text = errand.memory.text, let list, !freshness.onlyIfCached else { return list }
        let unlisted = Set(queries.filter { $0.classID == nil && list.entries($0.object).isEmpty }.map(\.object))
        guard !unlisted.isEmpty else { return list }
        var session = TextMeterSession(exchange: exchange, errand: errand, text: text)
        let isFound = try await session.discover(unlisted.sorted())
        timings += session.timings
        guard isFound else { return list }
        return try await objects.list(for: errand, freshness: .usual).list
    }

    private func fetch(
        _ plan: inout ReadPlan,
        for errand: MeterErrand,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) {
        var start = 0
        while start < plan.requests.count {
            // One readout answers everything that is asked of a text meter.
            let most = errand.memory.text == nil ? Self.mostInOneRequest : plan.requests.count
            let range = start..<min(start + most, plan.requests.count)
            do throws(GatewayError) {
                let answer = try await exchange.perform(.get(Array(plan.requests[range])), for: errand)
                let results = try answer.values(of: range.count)
                timings += answer.timings
                for (place, result) in zip(range, results) {
                    if case .data(let octets) = result {
                        metrics.octets.increment(MetricLabels("in"), by: UInt64(octets.count))
                    }
                    plan.results[place] = .success((result, answer.isShared, answer.isVerified))
                }
            } catch {
                // Without any answer it is the meter that failed; later it is only the rest of the attributes.
                guard start > 0 else { throw error }
                for place in start..<plan.requests.count { plan.results[place] = .failure(error) }
                return
            }
            start = range.upperBound
        }
    }

    /// How long a value of this kind holds: what is switched or runs on is always asked for.
    private func usualAge(of found: AttributeResolver.Found) -> Duration {
        switch found.object.classID {
        case 8 where found.index == 2, 70: .zero
        default: usualAge
        }
    }
}
