// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps the last readouts of text meters; what it returns from a write is durable.
public protocol ReadoutStore: Sendable {
    /// The last readouts of a meter, at most one of each origin.
    func readouts(_ meter: MeterID) async throws(StoreError) -> [StoredReadout]

    /// Keeps a readout in place of the one before of the same origin.
    ///
    /// - Returns: false when a later one is kept already, which then stays.
    /// - Throws: ``StoreError/referenceUnknown(_:)`` for a meter that does not exist.
    func keepReadout(_ readout: StoredReadout, of meter: MeterID) async throws(StoreError) -> Bool

    /// The meters that are addressed by this number in IEC 62056-21, leading zeros not counted; at most ten.
    func meters(withDevice number: String) async throws(StoreError) -> [MeterID]
}

/// A whole readout of a meter as it is kept.
public struct StoredReadout: Hashable, Sendable {
    /// How a readout came here.
    public enum Origin: String, CaseIterable, Hashable, Sendable {
        /// The gateway read it from the meter.
        case meter
        /// It was imported from a file.
        case file
    }

    /// How it came here.
    public let origin: Origin
    /// The moment its values are of: the meter's own clock if it tells it, else when it came.
    public let takenAt: Timestamp
    /// When it came here.
    public let receivedAt: Timestamp
    /// Identification line, lines of data and `!`, without control characters.
    public let text: String

    /// Makes a record.
    public init(origin: Origin, takenAt: Timestamp, receivedAt: Timestamp, text: String) {
        self.origin = origin
        self.takenAt = takenAt
        self.receivedAt = receivedAt
        self.text = text
    }
}
