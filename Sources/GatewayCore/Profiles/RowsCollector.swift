// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Timekeeping

/// Gathers rows that come oldest first, up to a limit, and tells what of the asked time they cover.
struct RowsCollector {
    private let plan: RowsPlan
    private let limit: Int?
    private var batches: [RowsBatch] = []
    private var count = 0
    /// The layout of the rows, which is another than planned if the capture objects had changed.
    private var layout: ProfileLayout?
    /// The first row that did not fit.
    private var excess: Int64?
    /// More rows came than fit.
    private(set) var hasExcess = false
    private var lastSeconds: Int64?

    init(_ plan: RowsPlan, limit: Int?) {
        self.plan = plan
        self.limit = limit
    }

    mutating func add(_ batch: RowsBatch) {
        layout = layout ?? batch.rows.layout
        lastSeconds = batch.seconds(batch.count - 1) ?? lastSeconds
        let room = limit.map { $0 - count } ?? .max
        guard batch.count > room else {
            batches.append(batch)
            count += batch.count
            return
        }
        if !hasExcess {
            hasExcess = true
            excess = batch.seconds(room)
            if room > 0 { batches.append(batch.selecting(0..<room)) }
            count += room
        }
    }

    /// The rows that were asked for.
    func answer(
        _ sheet: ProfileSheet,
        _ selection: RowsSelection,
        isStored: Bool,
        now: Timestamp,
        timings: ExchangeTimings
    ) -> RowsAnswer {
        var rest: (from: Timestamp, to: Timestamp)?
        // Without a time there is no way to say where the rest begins.
        if let excess {
            rest = (
                Timestamp(seconds: excess),
                plan.window?.to ?? lastSeconds.map { Timestamp(seconds: $0 + 1) } ?? now
            )
        }
        var coverage: ProfileCoverage?
        if let window = plan.window {
            // What has not happened yet is not missing, and what did not fit comes with the next page.
            let end = min(window.to, rest?.from ?? window.to, now)
            coverage = ProfileCoverage(
                from: window.from.seconds,
                to: end.seconds,
                period: sheet.descriptor.capturePeriod,
                zone: plan.zone
            )
            for batch in batches {
                for place in 0..<batch.count {
                    if let seconds = batch.seconds(place) { coverage?.note(seconds) }
                }
            }
        }
        return RowsAnswer(
            sheet: sheet,
            layout: layout ?? plan.layout,
            batches: batches,
            coverage: coverage,
            rest: rest,
            zone: plan.zone,
            selection: selection,
            isStored: isStored,
            timings: timings
        )
    }
}
