// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Timekeeping

/// What came from a meter at once and is stored at once, in one transaction.
public struct ReadingBatch: Sendable {
    /// The meter.
    public let meter: MeterID
    /// On whose behalf it came in.
    public let origin: ReadingOrigin
    /// When it came in.
    public let receivedAt: Timestamp
    /// Single values.
    public var readings: [NewReading]
    /// Rows of profiles.
    public var profiles: [ProfileIntake]
    /// What the ledgers of the profiles learn from it, in the same transaction.
    public var ledger: [LedgerUpdate]

    /// Makes a batch.
    public init(
        meter: MeterID,
        origin: ReadingOrigin,
        receivedAt: Timestamp,
        readings: [NewReading] = [],
        profiles: [ProfileIntake] = [],
        ledger: [LedgerUpdate] = []
    ) {
        self.meter = meter
        self.origin = origin
        self.receivedAt = receivedAt
        self.readings = readings
        self.profiles = profiles
        self.ledger = ledger
    }
}

/// One value to be stored.
public struct NewReading: Hashable, Sendable {
    /// What it is of.
    public let series: ReadingSeries
    /// The moment it is of.
    public let at: Timestamp
    /// The value, before scaling.
    public let value: ReadingValue
    /// Its scaler and unit; nil if it has none or they are not known.
    public let scalerUnit: ScalerUnit?
    /// How far it can be trusted.
    public let quality: ProfileQuality
    /// Why it is not to be trusted, kebab-case words; empty for most.
    public let reasons: [String]

    /// Makes a reading.
    public init(
        series: ReadingSeries,
        at: Timestamp,
        value: ReadingValue,
        scalerUnit: ScalerUnit? = nil,
        quality: ProfileQuality = .valid,
        reasons: [String] = []
    ) {
        self.series = series
        self.at = at
        self.value = value
        self.scalerUnit = scalerUnit
        self.quality = quality
        self.reasons = reasons
    }
}

/// Rows of one profile to be stored, as they were decoded.
public struct ProfileIntake: Sendable {
    /// What the profile records.
    public let description: ProfileDescription
    /// The rows, with all columns of the profile or some of them.
    public let rows: ProfileRows
    /// Which of the rows; those without an instant are left out by the store.
    public let indices: [Int]
    /// What the bits of the status word mean.
    public let statusTable: ProfileStatusTable

    /// Makes an intake; by default of all rows.
    public init(
        description: ProfileDescription,
        rows: ProfileRows,
        indices: [Int]? = nil,
        statusTable: ProfileStatusTable = .amr
    ) {
        self.description = description
        self.rows = rows
        self.indices = indices ?? Array(rows.indices)
        self.statusTable = statusTable
    }
}

/// What is kept of a profile beside its rows, so that they can be told again without the meter.
public struct ProfileDescription: Hashable, Sendable {
    /// The profile.
    public let profile: OBISCode
    /// All columns, in the meter's order.
    public let captureObjects: [CaptureObject]
    /// Scaler and unit of the captured objects as far as they are known.
    public let scalerUnits: [OBISCode: ScalerUnit]
    /// Seconds between two rows; 0 if rows are captured on events.
    public let capturePeriod: UInt32
    /// How the meter sorts its buffer; nil if it does not say.
    public let sortMethod: ProfileDescriptor.SortMethod?
    /// How many rows the meter can hold; nil if not known.
    public let profileEntries: UInt32?

    /// Makes a description.
    public init(
        profile: OBISCode,
        captureObjects: [CaptureObject],
        scalerUnits: [OBISCode: ScalerUnit] = [:],
        capturePeriod: UInt32,
        sortMethod: ProfileDescriptor.SortMethod? = nil,
        profileEntries: UInt32? = nil
    ) {
        self.profile = profile
        self.captureObjects = captureObjects
        self.scalerUnits = scalerUnits
        self.capturePeriod = capturePeriod
        self.sortMethod = sortMethod
        self.profileEntries = profileEntries
    }

    /// The columns as rows have them.
    public var layout: ProfileLayout { ProfileLayout(captureObjects: captureObjects, scalerUnits: scalerUnits) }
}
