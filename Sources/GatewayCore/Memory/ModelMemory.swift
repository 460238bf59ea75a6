// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Synchronization
import Timekeeping

/// What meters of one model have in common: the scaler and unit of each register, read from any of them.
final class ModelMemory: Sendable {
    /// More registers than this are not kept.
    private static let mostScalers = 4096

    private struct Entry {
        let scalerUnit: ScalerUnit
        let readAt: Timestamp
    }

    private let scalers = Mutex<[MeterMemory.ObjectKey: Entry]>([:])

    /// The scaler and unit if they were read not longer ago than `maxAge`.
    func scalerUnit(_ key: MeterMemory.ObjectKey, now: Timestamp, maxAge: Duration) -> ScalerUnit? {
        scalers.withLock { scalers in
            guard let entry = scalers[key], now - entry.readAt < maxAge else { return nil }
            return entry.scalerUnit
        }
    }

    func keep(_ scalerUnit: ScalerUnit, for key: MeterMemory.ObjectKey, readAt: Timestamp) {
        scalers.withLock { scalers in
            guard scalers.count < Self.mostScalers || scalers[key] != nil else { return }
            scalers[key] = Entry(scalerUnit: scalerUnit, readAt: readAt)
        }
    }
}
