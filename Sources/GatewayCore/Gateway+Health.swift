// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs

extension Gateway {
    /// One thing that readiness depends on.
    public struct HealthCheck: Hashable, Sendable {
        /// What was looked at.
        public let name: String
        /// Whether it is well.
        public let isWell: Bool
    }

    /// Whether new requests are welcome; the state of meters does not matter.
    public func readiness() async -> [HealthCheck] {
        // One look that costs the same with a million meters: it is asked for every few seconds.
        let isStoreWell = (try? await store.meterIDs(matching: MeterQuery(), after: nil, limit: 1)) != nil
        let checks = [
            HealthCheck(name: "store", isWell: isStoreWell),
            HealthCheck(name: "draining", isWell: !isDraining),
        ]
        // A gateway that the others do not hear of uses no meter, even if the database answers again by now.
        return checks + (cluster.map { [HealthCheck(name: "node", isWell: $0.isHeard)] } ?? [])
    }

    /// How many meters and schedules there are; nil where the store does not tell.
    public func inventory() async -> (meters: Int?, schedules: Int?) {
        let meters = try? await store.meterCount(matching: MeterQuery())
        let schedules = try? await store.schedules(after: nil, limit: 1000).items.count
        return (meters, schedules)
    }

    /// All counters as text.
    public func metricsText(_ format: MetricsFormat = .prometheus) async -> String {
        let figures = await access.metrics()
        var present = GatewayMetrics.Present()
        present.queueLength = figures.queueLength
        present.openAssociations = figures.openAssociations
        present.meters = exchange.news.counts(held: cluster?.shares.held)
        present.dialIns = dialInCounters
        present.eventStreams = streamSeats.takenCount
        present.pushes = pushCounters
        present.channels = figures.families
        for state in JobState.allCases where !state.isFinal {
            let jobs = (try? await jobs.jobs(matching: JobQuery(states: [state]), limit: 1000)) ?? []
            present.jobs.append((state.rawValue, jobs.count))
        }
        present.meterReadings = await meterReadings()
        return metrics.text(present, format: format)
    }

    /// The newest readings of the first meters by their ids; nil unless an operator wants them.
    private func meterReadings() async -> MeterReadingFamilies? {
        guard settings.metersInMetrics > 0 else { return nil }
        var families = MeterReadingFamilies()
        let page = try? await store.meterIDs(matching: MeterQuery(), after: nil, limit: settings.metersInMetrics)
        for meter in page?.items ?? [] {
            // One that was removed meanwhile is left out.
            guard let latest = try? await latestReadings(of: meter.text, names: nil) else { continue }
            families.add(meter, latest)
        }
        return families
    }
}
