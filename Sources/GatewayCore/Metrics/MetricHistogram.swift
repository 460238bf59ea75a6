// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// How long things took, in buckets of seconds, one histogram for each set of label values.
public final class MetricHistogram: Sendable {
    /// The buckets for one set of label values; whoever observes often keeps them and saves the search.
    public final class Series: Sendable {
        fileprivate struct Cells {
            var counts = [UInt64](repeating: 0, count: MetricHistogram.bounds.count + 1)
            var sumOfSeconds = 0.0
        }

        private let cells = Mutex(Cells())

        /// Counts one duration.
        public func observe(_ duration: Duration) {
            let (whole, attoseconds) = duration.components
            let seconds = Double(whole) + Double(attoseconds) * 1e-18
            let place = MetricHistogram.bounds.firstIndex { seconds <= $0 } ?? MetricHistogram.bounds.count
            cells.withLock { cells in
                cells.counts[place] += 1
                cells.sumOfSeconds += seconds
            }
        }

        fileprivate var present: Cells { cells.withLock { $0 } }
    }

    /// The upper bounds of the buckets in seconds: from a cached answer to a slow modem.
    static let bounds: [Double] = [
        0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]

    private let family: MetricFamily
    private let table = MetricSeriesTable<Series>()

    init(_ name: String, _ help: String, labels: [String] = []) {
        family = MetricFamily(name: name, help: help, kind: .histogram, labelNames: labels)
    }

    /// Counts one duration.
    public func observe(_ duration: Duration, _ labels: MetricLabels = MetricLabels()) {
        series(labels).observe(duration)
    }

    /// One series; that of all others once there are too many.
    public func series(_ labels: MetricLabels) -> Series { table.series(labels, or: Series()) }

    func write(into text: inout MetricsText) {
        family.writeHead(into: &text)
        for (labels, series) in table.sorted {
            let cells = series.present
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
