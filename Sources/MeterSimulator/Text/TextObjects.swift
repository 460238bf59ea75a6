// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// The registers of a simulated meter as data sets, with their reduced OBIS codes.
enum TextObjects {
    /// All data sets of the readout, in its order.
    static func readout(_ meter: MeterSnapshot) -> [TextDataSet] {
        entries(meter).compactMap { address, text, unit in
            TextValue(text, unit: unit).flatMap { TextDataSet(address: address, values: [$0]) }
        }
    }

    /// The data set of an identification code, which may begin with medium and channel; nil for one that is not there.
    static func set(_ address: String, _ meter: MeterSnapshot) -> TextDataSet? {
        let reduced = address.split(separator: ":").last.map { String($0) } ?? address
        guard let found = readout(meter).first(where: { $0.address == reduced }) else { return nil }
        return TextDataSet(address: address, values: found.values)
    }

    /// Where the clock is to be after a write of time (0.9.1), date (0.9.2) or both (0.9.4); nil for anything else.
    static func clock(after set: TextDataSet, _ meter: MeterSnapshot) -> Int64? {
        guard let text = set.values.first?.text else { return nil }
        var moment = meter.dateTime(meter.time)
        switch set.address {
        case "0.9.1":
            guard let time = TextTime(text, as: .time) else { return nil }
            moment.time = time.time
        case "0.9.2":
            guard let date = TextTime(text, as: .date) else { return nil }
            moment.date = date.date
        case "0.9.4":
            guard let both = TextTime(text, as: .dateTime) else { return nil }
            moment.date = both.date
            moment.time = both.time
        default: return nil
        }
        return meter.instant(moment)
    }

    /// The digits YYMMDDhhmmss of an instant in the meter's time, with the digit of standard time in front.
    static func time(_ instant: Int64, _ meter: MeterSnapshot) -> String {
        let (date, time) = dateAndTime(instant, meter)
        return "0" + date + time
    }

    private static func dateAndTime(_ instant: Int64, _ meter: MeterSnapshot) -> (date: String, time: String) {
        let moment = meter.dateTime(instant)
        let date = [(moment.date.year ?? 2000) % 100, moment.date.month ?? 1, moment.date.dayOfMonth ?? 1]
        let time = [moment.time.hour ?? 0, moment.time.minute ?? 0, moment.time.second ?? 0]
        return (date.map { padded($0, 2) }.joined(), time.map { padded($0, 2) }.joined())
    }

    private typealias Entry = (address: String, text: String, unit: String?)

    private static func entries(_ meter: MeterSnapshot) -> [Entry] {
        let energies = meter.energies
        let (date, time) = dateAndTime(meter.time, meter)
        let power = meter.power
        let maximum = meter.currentMaximumDemand
        var entries: [Entry] = [
            ("F.F", "00000000", nil), ("0.0.0", meter.identity.serialNumber, nil),
            ("C.1.0", meter.identity.serialNumber, nil), ("0.9.1", time, nil), ("0.9.2", date, nil),
            ("1.8.0", thousandths(energies.importTotal, 6), "kWh"),
            ("1.8.1", thousandths(energies.importDay, 6), "kWh"),
            ("1.8.2", thousandths(energies.importNight, 6), "kWh"), ("2.8.0", thousandths(energies.export, 6), "kWh"),
            ("1.7.0", thousandths(power.import, 2), "kW"), ("2.7.0", thousandths(power.export, 2), "kW"),
            ("1.6.0", thousandths(maximum.import, 2), "kW"),
        ]
        for phase in 0..<3 {
            let voltage = meter.voltage(ofPhase: phase)
            entries.append(("\(32 + 20 * phase).7.0", "\(padded(voltage / 10, 3)).\(voltage % 10)", "V"))
        }
        let start = meter.monthStart
        let stored = meter.energies(at: start)
        entries.append(("1.8.0*01", thousandths(stored.importTotal, 6), "kWh"))
        return entries
    }

    /// Thousandths with three decimals and so many digits in front.
    static func thousandths(_ value: Int, _ digits: Int) -> String {
        "\(padded(value / 1000, digits)).\(padded(value % 1000, 3))"
    }

    static func padded(_ value: Int, _ digits: Int) -> String {
        let text = "\(value)"
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
