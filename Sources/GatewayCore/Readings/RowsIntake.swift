// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Gathers rows on their way to a caller, and stores them some thousands at a time.
struct RowsIntake {
    /// So many rows are stored in one transaction, unless they end before.
    private static let rowsInBatch = 2000

    private let keeper: ReadingKeeper
    private let memory: MeterMemory
    private let origin: ReadingOrigin
    private let sheet: ProfileSheet
    private var gathered: [RowsBatch] = []
    private var count = 0

    /// Makes an intake; nil for rows that are no profile's, or have no time.
    init?(_ keeper: ReadingKeeper, of memory: MeterMemory, origin: ReadingOrigin, sheet: ProfileSheet) {
        guard sheet.template == nil, sheet.layout.timeColumn != nil else { return nil }
        self.keeper = keeper
        self.memory = memory
        self.origin = origin
        self.sheet = sheet
    }

    /// Takes rows.
    mutating func add(_ batch: RowsBatch) async throws(GatewayError) {
        gathered.append(batch)
        count += batch.count
        if count >= Self.rowsInBatch { try await flush() }
    }

    /// Stores what has gathered, and what the ledger of the profile learns from it.
    ///
    /// - Parameter asked: the time that all rows answer for, once the last of them is there.
    mutating func flush(asked: Range<Timestamp>? = nil) async throws(GatewayError) {
        let description = sheet.description
        let profiles = gathered.map {
            ProfileIntake(
                description: description,
                rows: $0.rows,
                indices: $0.indices,
                statusTable: sheet.behaviour.statusTable
            )
        }
        let instants = gathered.flatMap { batch in
            (0..<batch.count).compactMap { batch.seconds($0).map { Timestamp(seconds: $0) } }
        }
        gathered = []
        count = 0
        guard !profiles.isEmpty || asked != nil else { return }
        let now = keeper.clock.now()
        let update = LedgerUpdate(
            meter: memory.id,
            profile: sheet.object.logicalName,
            capturePeriod: sheet.descriptor.capturePeriod,
            zone: memory.record.configuration.timeZone,
            rules: memory.zone,
            rows: instants,
            asked: asked,
            capacity: sheet.descriptor.profileEntries.map { Int($0) },
            now: now
        )
        try await keeper.append(
            ReadingBatch(meter: memory.id, origin: origin, receivedAt: now, profiles: profiles, ledger: [update])
        )
    }
}

extension ProfileSheet {
    /// What is kept of the profile beside its rows.
    var description: ProfileDescription {
        var scalerUnits: [OBISCode: ScalerUnit] = [:]
        for column in layout.columns {
            if let scalerUnit = column.scalerUnit { scalerUnits[column.capture.logicalName] = scalerUnit }
        }
        return ProfileDescription(
            profile: object.logicalName,
            captureObjects: descriptor.captureObjects,
            scalerUnits: scalerUnits,
            capturePeriod: descriptor.capturePeriod,
            sortMethod: descriptor.sortMethod,
            profileEntries: descriptor.profileEntries
        )
    }
}
