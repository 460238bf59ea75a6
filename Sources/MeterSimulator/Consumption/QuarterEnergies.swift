// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The energies of a meter at many quarters, day after day: single look-ups would begin at the installation each time.
struct QuarterEnergies {
    let meter: MeterSnapshot

    /// The energies at the starts of quarters, in the order of time.
    func energies(at times: ArraySlice<Int64>) -> [LoadModel.Totals] {
        let load = meter.load
        var day: Int64?
        var midnight = LoadModel.Totals()
        var curve: DayCurve?
        return times.map { time in
            let today = load.localDay(of: time)
            if today != day {
                midnight =
                    day == today - 1 ? midnight + load.energies(ofDay: today - 1) : load.totals(beforeDay: today)
                curve = DayCurve(model: load, day: today)
                day = today
            }
            let quarter = Int((time - load.start(ofDay: today)) / LoadModel.quarterSeconds)
            return meter.metered(midnight + (curve?.totals(atQuarter: quarter) ?? LoadModel.Totals()), at: time)
        }
    }
}
