// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// Numbers that only grow, one for each set of label values.
///
/// A lock and not an actor, because it is counted on the threads that answer requests, where waiting costs more than the count.
public final class MetricCounter: Sendable {
    /// The number for one set of label values; whoever counts often keeps it and saves the search.
    public final class Series: Sendable {
        private let count = Atomic<UInt64>(0)

        /// Adds to the number.
        public func increment(by amount: UInt64 = 1) {
            count.wrappingAdd(amount, ordering: .relaxed)
        }

        /// The present number.
        public var value: UInt64 { count.load(ordering: .relaxed) }
    }

    private let family: MetricFamily
    private let table = MetricSeriesTable<Series>()

    init(_ name: String, _ help: String, labels: [String] = []) {
        family = MetricFamily(name: name, help: help, kind: .counter, labelNames: labels)
        if labels.isEmpty { _ = series(MetricLabels()) }
    }

    /// Adds to one series.
    public func increment(_ labels: MetricLabels = MetricLabels(), by amount: UInt64 = 1) {
        series(labels).increment(by: amount)
    }

    /// One series; that of all others once there are too many.
    public func series(_ labels: MetricLabels) -> Series { table.series(labels, or: Series()) }

    /// The present number of one series.
    public func value(_ labels: MetricLabels = MetricLabels()) -> UInt64 {
        table.known(labels)?.value ?? 0
    }

    func write(into text: inout MetricsText) {
        family.writeHead(into: &text)
        for (labels, series) in table.sorted {
            family.writeSample(labels: labels, value: "\(series.value)", into: &text)
        }
    }
}
