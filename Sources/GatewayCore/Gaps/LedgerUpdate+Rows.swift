// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Timekeeping

extension LedgerUpdate {
    /// What the ledger of a profile learns from rows that a meter gave.
    init(_ answer: RowsAnswer, of memory: MeterMemory, now: Timestamp) {
        let instants = answer.batches.flatMap { batch in
            (0..<batch.count).compactMap { batch.seconds($0).map { Timestamp(seconds: $0) } }
        }
        self.init(
            meter: memory.id,
            profile: answer.sheet.object.logicalName,
            capturePeriod: answer.sheet.descriptor.capturePeriod,
            zone: memory.record.configuration.timeZone,
            rules: answer.zone,
            rows: instants,
            asked: answer.asked,
            capacity: answer.sheet.descriptor.profileEntries.map { Int($0) },
            now: now
        )
    }
}
