// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// How long things took, in buckets of seconds, one histogram for each set of label values.
public final class MetricHistogram: Sendable {
    private struct Cells {
        var counts: [UInt64]
        var sumOfSeconds = 0.0
    }

    /// The upper bounds of the buckets in seconds: from a cached answer to a slow modem.
    static let bounds: [Double] = [
        0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]

    private let family: MetricFamily
    private let series = Mutex<[MetricLabels: Cells]>([:])

    init(_ name: String, _ help: String, labels: [String] = []) {
        family = MetricFamily(name: name, help: help, kind: .histogram, labelNames: labels)
    }

    /// Counts one duration.
    public func observe(_ duration: Duration, _ labels: MetricLabels = MetricLabels()) {
        let (whole, attoseconds) = duration.components
        let seconds = Double(whole) + Double(attoseconds) * 1e-18
        let place = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        series.withLock { series in
            let key = series[labels] == nil && series.count >= MetricFamily.mostSeries ? MetricLabels.other : labels
            var cells = series[key] ?? Cells(counts: Array(repeating: 0, count: Self.bounds.count + 1))
            cells.counts[place] += 1
            cells.sumOfSeconds += seconds
            series[key] = cells
        }
    }

    func write(into text: inout String) {
        family.writeHead(into: &text)
        let now = series.withLock { $0 }
        for (labels, cells) in now.sorted(by: { $0.key.values(3).lexicographicallyPrecedes($1.key.values(3)) }) {
            var total: UInt64 = 0
            for (place, count) in cells.counts.enumerated() {
                total += count
                let bound = place < Self.bounds.count ? "\(Self.bounds[place])" : "+Inf"
                family.writeSample(
                    suffix: "_bucket",
                    labels: labels,
                    extra: ("le", bound),
                    value: "\(total)",
                    into: &text
                )
            }
            family.writeSample(suffix: "_sum", labels: labels, value: "\(cells.sumOfSeconds)", into: &text)
            family.writeSample(suffix: "_count", labels: labels, value: "\(total)", into: &text)
        }
    }
}
