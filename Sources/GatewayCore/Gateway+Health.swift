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

    /// All counters as Prometheus text.
    public func metricsText() async -> String {
        let figures = await access.metrics()
        var present = GatewayMetrics.Present()
        present.queueLength = figures.queueLength
        present.openAssociations = figures.openAssociations
        present.dialIns = dialInCounters
        present.pushes = pushCounters
        present.channels = figures.families
        for state in JobState.allCases where !state.isFinal {
            let jobs = (try? await jobs.jobs(matching: JobQuery(states: [state]), limit: 1000)) ?? []
            present.jobs.append((state.rawValue, jobs.count))
        }
        return metrics.text(present)
    }
}
