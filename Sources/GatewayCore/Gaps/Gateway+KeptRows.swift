// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Timekeeping

extension Gateway {
    /// Reads rows, and stores them together with what the ledger learns from them.
    func collectAndKeepRows(_ pending: PendingRows, origin: ReadingOrigin) async throws(GatewayError) -> RowsAnswer {
        let answer = try await collectRows(pending)
        let sheet = answer.sheet
        let description = ProfileDescription(
            profile: sheet.object.logicalName,
            captureObjects: sheet.descriptor.captureObjects,
            scalerUnits: Dictionary(
                sheet.layout.columns.compactMap { column in
                    column.scalerUnit.map { (column.capture.logicalName, $0) }
                },
                uniquingKeysWith: { first, _ in first }
            ),
            capturePeriod: sheet.descriptor.capturePeriod,
            sortMethod: sheet.descriptor.sortMethod,
            profileEntries: sheet.descriptor.profileEntries
        )
        let now = clock.now()
        let batch = ReadingBatch(
            meter: pending.access.memory.id,
            origin: origin,
            receivedAt: now,
            profiles: answer.batches.map {
                ProfileIntake(description: description, rows: $0.rows, indices: $0.indices)
            },
            ledger: [LedgerUpdate(answer, of: pending.access.memory, now: now)]
        )
        do throws(StoreError) {
            _ = try await store.append(batch)
        } catch {
            throw GatewayError(error)
        }
        return answer
    }
}
