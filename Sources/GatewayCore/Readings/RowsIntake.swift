// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet

/// Gathers rows on their way to a caller, and stores them some thousands at a time.
struct RowsIntake {
    /// So many rows are stored in one transaction, unless they end before.
    private static let rowsInBatch = 2000

    private let keeper: ReadingKeeper
    private let meter: MeterID
    private let origin: ReadingOrigin
    private let sheet: ProfileSheet
    private var gathered: [RowsBatch] = []
    private var count = 0

    /// Makes an intake; nil for rows that are no profile's, or have no time.
    init?(_ keeper: ReadingKeeper, meter: MeterID, origin: ReadingOrigin, sheet: ProfileSheet) {
        guard sheet.template == nil, sheet.layout.timeColumn != nil else { return nil }
        self.keeper = keeper
        self.meter = meter
        self.origin = origin
        self.sheet = sheet
    }

    /// Takes rows.
    mutating func add(_ batch: RowsBatch) async throws(GatewayError) {
        gathered.append(batch)
        count += batch.count
        if count >= Self.rowsInBatch { try await flush() }
    }

    /// Stores what has gathered.
    mutating func flush() async throws(GatewayError) {
        let description = sheet.description
        let profiles = gathered.map {
            ProfileIntake(
                description: description,
                rows: $0.rows,
                indices: $0.indices,
                statusTable: sheet.behaviour.statusTable
            )
        }
        gathered = []
        count = 0
        guard !profiles.isEmpty else { return }
        _ = try await keeper.append(
            ReadingBatch(meter: meter, origin: origin, receivedAt: keeper.clock.now(), profiles: profiles)
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
