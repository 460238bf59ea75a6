// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Timekeeping

extension Gateway {
    /// Reads rows, and stores them together with what the ledger learns from them.
    func collectAndKeepRows(_ pending: PendingRows, origin: ReadingOrigin) async throws(GatewayError) -> RowsAnswer {
        var pending = pending
        pending.isKeptOnTheWay = false
        let answer = try await collectRows(pending)
        let sheet = answer.sheet
        guard !answer.isStored, sheet.template == nil, sheet.layout.timeColumn != nil else { return answer }
        let description = sheet.description
        let now = clock.now()
        let batch = ReadingBatch(
            meter: pending.access.memory.id,
            origin: origin,
            receivedAt: now,
            profiles: answer.batches.map {
                ProfileIntake(
                    description: description,
                    rows: $0.rows,
                    indices: $0.indices,
                    statusTable: sheet.behaviour.statusTable
                )
            },
            ledger: [LedgerUpdate(answer, of: pending.access.memory, now: now)]
        )
        _ = try await readingKeeper.append(batch)
        return answer
    }
}
