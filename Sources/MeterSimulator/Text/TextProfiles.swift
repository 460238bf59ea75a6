// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// The profiles of a simulated meter by their codes in the text protocol.
///
/// Times name the end of an interval, in standard time. A range without a bound goes on to the end of the buffer.
enum TextProfiles: String {
    /// The load profile: import and export in kWh of each quarter.
    case load = "P.01"
    /// The log book.
    case log = "P.98"

    /// The rows of the range that a data set asks for.
    func answer(_ set: TextDataSet, _ meter: MeterSnapshot) -> TextServerAnswer {
        let bounds = (set.values.first?.text ?? "").split(separator: ";", omittingEmptySubsequences: false)
        guard bounds.count <= 2 else { return .refused(code: "ER02") }
        var range = (Int64.min, Int64.max)
        if let first = bounds.first, !first.isEmpty {
            guard let start = instant(first, meter) else { return .refused(code: "ER02") }
            range.0 = start
        }
        if bounds.count == 2, !bounds[1].isEmpty {
            guard let end = instant(bounds[1], meter) else { return .refused(code: "ER02") }
            range.1 = end
        }
        guard range.0 <= range.1 else { return .refused(code: "ER02") }
        let lines =
            switch self {
            case .load: load(range.0...range.1, meter)
            case .log: log(range.0...range.1, meter)
            }
        let block = try? TextDataBlock(octets: Array((lines.isEmpty ? "\(rawValue)(ERROR)\r\n" : lines).utf8))
        return block.map { .data($0) } ?? .refused(code: "ER02")
    }

    private func instant(_ text: Substring, _ meter: MeterSnapshot) -> Int64? {
        guard let time = TextTime(String(text), as: .dateTime) else { return nil }
        return meter.instant(COSEMDateTime(date: time.date, time: time.time))
    }

    private func load(_ range: ClosedRange<Int64>, _ meter: MeterSnapshot) -> String {
        let seconds = LoadModel.quarterSeconds
        let last = meter.quarterStart(meter.time)
        let oldest = last - Int64(meter.options.rows - 1) * seconds
        let first = meter.quarterStart(max(range.lowerBound, oldest) + seconds - 1)
        let end = min(range.upperBound, last)
        guard first <= end else { return "" }
        let times = Array(stride(from: first - seconds, through: end, by: Int(seconds)))
        let energies = QuarterEnergies(meter: meter).energies(at: times[...])
        var text =
            "\(rawValue)(\(TextObjects.time(first, meter)))(00000000)(15)(2)(1.29)(kWh)(2.29)(kWh)\r\n"
        for (before, after) in zip(energies, energies.dropFirst()) {
            let step = after - before
            text += "(\(TextObjects.thousandths(step.importTotal, 2)))(\(TextObjects.thousandths(step.export, 2)))\r\n"
        }
        return text
    }

    private func log(_ range: ClosedRange<Int64>, _ meter: MeterSnapshot) -> String {
        meter.state.standardEvents.events.filter { range.contains($0.time) }.map { event in
            "\(rawValue)(\(TextObjects.time(event.time, meter)))(\(TextObjects.padded(Int(event.code), 8)))()(1)(0.2.1)()(0)\r\n"
        }.joined()
    }
}
