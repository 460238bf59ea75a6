// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet

/// The newest stored readings of single meters, told by `/metrics` when an operator wants that.
struct MeterReadingFamilies: Sendable {
    /// More readings of one meter are left out.
    static let mostReadings = 50

    private var values: [(labels: MetricLabels, value: String)] = []
    private var times: [(labels: MetricLabels, value: String)] = []

    /// Adds the readings of a meter that are numbers.
    mutating func add(_ meter: MeterID, _ latest: Gateway.LatestReadings) {
        let numbers = latest.readings.lazy.compactMap { name, reading in
            reading.decimalText.map { (name, reading, $0) }
        }
        for (name, reading, text) in numbers.prefix(Self.mostReadings) {
            let labels = MetricLabels(meter.text, name, reading.scalerUnit?.symbol ?? "")
            values.append((labels, text))
            times.append((labels, "\(Double(reading.at.microseconds) / 1e6)"))
        }
    }

    func write(into text: inout MetricsText) {
        let families = [
            (name: "cosem_gateway_meter_reading", help: "The newest stored reading of a meter, scaled.", values),
            (
                name: "cosem_gateway_meter_reading_timestamp_seconds",
                help: "The moment that the reading is of, in seconds since 1970.", times
            ),
        ]
        for (name, help, samples) in families {
            let family = MetricFamily(name: name, help: help, kind: .gauge, labelNames: ["meter", "name", "unit"])
            family.writeHead(into: &text)
            for sample in samples { family.writeSample(labels: sample.labels, value: sample.value, into: &text) }
        }
    }
}
