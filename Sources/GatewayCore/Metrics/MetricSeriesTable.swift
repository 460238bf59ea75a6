// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// The series of a family, one for each set of label values, and one for all others once there are too many.
final class MetricSeriesTable<Series: Sendable>: Sendable {
    private let content = Mutex<[MetricLabels: Series]>([:])

    /// The series of these label values, made when it is asked for first.
    func series(_ labels: MetricLabels, or made: @autoclosure () -> Series) -> Series {
        content.withLock { content in
            if let found = content[labels] { return found }
            let key = content.count >= MetricFamily.mostSeries ? MetricLabels.other : labels
            if let found = content[key] { return found }
            let made = made()
            content[key] = made
            return made
        }
    }

    /// The series of these label values; nil when nothing was counted for them.
    func known(_ labels: MetricLabels) -> Series? { content.withLock { $0[labels] } }

    /// All series in the order of their label values.
    var sorted: [(labels: MetricLabels, series: Series)] {
        let now = content.withLock { $0 }
        return now.map { (labels: $0.key, series: $0.value) }
            .sorted { $0.labels.values(3).lexicographicallyPrecedes($1.labels.values(3)) }
    }
}
