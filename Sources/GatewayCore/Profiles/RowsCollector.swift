// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Timekeeping

/// Puts rows in order, oldest first, and cuts them to what was asked for.
struct RowsCollector {
    private let plan: RowsReader.Plan
    private let limit: Int?
    private(set) var rows: [ProfileRow] = []

    init(_ plan: RowsReader.Plan, limit: Int?) {
        self.plan = plan
        self.limit = limit
    }

    mutating func add(_ row: ProfileRow) {
        rows.append(row)
    }

    /// The rows that were asked for.
    func answer(now: Timestamp, timings: ExchangeTimings) -> RowsAnswer {
        var wanted = plan.sheet.isNewestFirst ? rows.reversed() : rows
        if let entries = plan.entries, wanted.count > entries { wanted.removeFirst(wanted.count - entries) }
        var rest: (from: Timestamp, to: Timestamp)?
        if let limit, wanted.count > limit {
            // Without a time there is no way to say where the rest begins.
            if let seconds = wanted[limit].time?.utcSeconds {
                let end = wanted.last?.time?.utcSeconds.map { Timestamp(seconds: $0 + 1) }
                rest = (Timestamp(seconds: seconds), plan.window?.to ?? end ?? now)
            }
            wanted.removeLast(wanted.count - limit)
        }
        var coverage: ProfileCoverage?
        if let window = plan.window {
            // What has not happened yet is not missing, and what did not fit comes with the next page.
            let end = min(window.to, rest?.from ?? window.to, now)
            coverage = ProfileCoverage(
                from: window.from.seconds,
                to: end.seconds,
                period: plan.sheet.descriptor.capturePeriod,
                zone: plan.zone
            )
            for row in wanted {
                if let seconds = row.time?.utcSeconds { coverage?.note(seconds) }
            }
        }
        return RowsAnswer(
            sheet: plan.sheet,
            rows: wanted,
            coverage: coverage,
            rest: rest,
            zone: plan.zone,
            timings: timings
        )
    }
}
