// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// Numbers that only grow, one for each set of label values.
///
/// A lock and not an actor, because it is counted on the threads that answer requests, where waiting costs more than the count.
public final class MetricCounter: Sendable {
    private let family: MetricFamily
    private let series = Mutex<[MetricLabels: UInt64]>([:])

    init(_ name: String, _ help: String, labels: [String] = []) {
        family = MetricFamily(name: name, help: help, kind: .counter, labelNames: labels)
        if labels.isEmpty { series.withLock { $0[MetricLabels()] = 0 } }
    }

    /// Adds to one series.
    public func increment(_ labels: MetricLabels = MetricLabels(), by amount: UInt64 = 1) {
        series.withLock { series in
            if series[labels] == nil, series.count >= MetricFamily.mostSeries {
                series[.other, default: 0] &+= amount
            } else {
                series[labels, default: 0] &+= amount
            }
        }
    }

    /// The present number of one series.
    public func value(_ labels: MetricLabels = MetricLabels()) -> UInt64 {
        series.withLock { $0[labels] ?? 0 }
    }

    func write(into text: inout String) {
        family.writeHead(into: &text)
        let now = series.withLock { $0 }
        for (labels, value) in now.sorted(by: { $0.key.values(3).lexicographicallyPrecedes($1.key.values(3)) }) {
            family.writeSample(labels: labels, value: "\(value)", into: &text)
        }
    }
}
