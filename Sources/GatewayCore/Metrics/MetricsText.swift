// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// In which of two texts metrics are told.
public enum MetricsFormat: Hashable, Sendable {
    /// The text format of Prometheus, version 0.0.4.
    case prometheus
    /// OpenMetrics 1.0: counters are named without `_total` in their head, and the text has an end mark.
    case openMetrics
}

/// Metrics as they are written, family after family.
struct MetricsText {
    /// What the text is.
    let format: MetricsFormat
    /// What has been written.
    private(set) var text = ""

    init(_ format: MetricsFormat) {
        self.format = format
    }

    /// The name under which a family is announced.
    func announcedName(of family: MetricFamily) -> Substring {
        let suffix = "_total"
        guard format == .openMetrics, family.kind == .counter, family.name.hasSuffix(suffix) else {
            return family.name[...]
        }
        return family.name.dropLast(suffix.count)
    }

    /// Ends the text, where it has an end mark.
    mutating func finish() {
        if format == .openMetrics { text += "# EOF\n" }
    }

    static func += (left: inout MetricsText, right: String) {
        left.text += right
    }
}
