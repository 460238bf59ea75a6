// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec
public import Timekeeping

/// Keeps what was read from meters; what it returns from a write is durable.
///
/// A reading is identified by its meter, its series and its instant. Storing it again changes nothing. A different value
/// for the same instant takes the place of the one before, which is kept as a revision; a value whose time was guessed
/// never takes the place of one that the meter gave a time.
public protocol ReadingStore: Sendable {
    /// Stores batches, each whole or not at all, in one transaction where all can be stored.
    ///
    /// - Returns: what became of each, in their order; one that cannot be stored keeps no other from it. Fails with
    ///   ``StoreError/referenceUnknown(_:)`` for a meter that does not exist, and ``StoreError/unavailable(reason:)``.
    func append(_ batches: [ReadingBatch]) async -> [Result<ReadingReceipt, StoreError>]

    /// The series of a meter in the order of their numbers.
    func readingSeries(of meter: MeterID) async throws(StoreError) -> [NumberedSeries]

    /// The newest reading of each of these series that has one, in their order.
    func latestReadings(of meter: MeterID, series: [NumberedSeries]) async throws(StoreError) -> [StoredReading]

    /// Readings of one series in the order of their instants.
    ///
    /// - Parameters:
    ///   - range: the first instant, and the one before which they end.
    ///   - limit: how many at most.
    ///   - withDetail: whether origin, raw time and status are wanted, too.
    func readings(
        of meter: MeterID,
        series: NumberedSeries,
        in range: Range<Timestamp>,
        limit: Int,
        withDetail: Bool
    ) async throws(StoreError) -> [StoredReading]

    /// What was replaced by later, different values of a series, in the order of instants and then of revisions.
    func readingRevisions(
        of meter: MeterID,
        series: NumberedSeries,
        in range: Range<Timestamp>
    ) async throws(StoreError) -> [ReadingRevision]

    /// What is known of a profile of which rows were stored; nil if none were.
    func profileDescription(of meter: MeterID, profile: OBISCode) async throws(StoreError) -> ProfileDescription?

    /// The profiles of a meter of which rows were stored.
    func storedProfiles(of meter: MeterID) async throws(StoreError) -> [OBISCode]

    /// Rows of a profile in the order of their instants, with all columns of a description.
    ///
    /// - Returns: rows, and whether each has all of its columns; a row that was read with some columns only has null in
    ///   place of the others.
    func storedRows(
        of meter: MeterID,
        _ description: ProfileDescription,
        in range: Range<Timestamp>,
        limit: Int
    ) async throws(StoreError) -> StoredRows

    /// The instants of the rows of a profile in a range, in rising order.
    func storedRowTimes(
        of meter: MeterID,
        profile: OBISCode,
        in range: Range<Timestamp>
    ) async throws(StoreError) -> [Timestamp]

    /// Removes readings and rows before an instant of the meters that follow `cursor`, as many meters as `limit` says.
    ///
    /// - Returns: how many were removed, and the last meter looked at; nil after the last one there is.
    func removeReadings(
        before moment: Timestamp,
        after cursor: MeterID?,
        limit: Int
    ) async throws(StoreError) -> (removed: Int, last: MeterID?)
}

extension ReadingStore {
    /// Stores one batch in one transaction.
    ///
    /// - Throws: ``StoreError/referenceUnknown(_:)`` for a meter that does not exist,
    ///   ``StoreError/unavailable(reason:)``.
    public func append(_ batch: ReadingBatch) async throws(StoreError) -> ReadingReceipt {
        guard let result = await append([batch]).first else { throw .unavailable(reason: "the store did not answer") }
        return try result.get()
    }
}

/// Rows of a profile as they were stored.
public struct StoredRows: Sendable {
    /// The rows, oldest first.
    public let rows: ProfileRows
    /// Places of rows of which not all columns were read.
    public let incomplete: Set<Int>

    /// Makes a record.
    public init(rows: ProfileRows, incomplete: Set<Int> = []) {
        self.rows = rows
        self.incomplete = incomplete
    }
}

/// A value that a later, different one took the place of.
public struct ReadingRevision: Hashable, Sendable {
    /// The moment it is of.
    public let at: Timestamp
    /// 1 for the first value that was replaced.
    public let revision: Int
    /// The value, before scaling.
    public let value: ReadingValue
    /// Its scaler and unit.
    public let scalerUnit: ScalerUnit?
    /// How far it could be trusted.
    public let quality: ProfileQuality
    /// The status word of a row; nil for values.
    public let status: UInt64?
    /// When it came in.
    public let receivedAt: Timestamp
    /// When the other one came in.
    public let replacedAt: Timestamp

    /// Makes a record.
    public init(
        at: Timestamp,
        revision: Int,
        value: ReadingValue,
        scalerUnit: ScalerUnit?,
        quality: ProfileQuality,
        status: UInt64?,
        receivedAt: Timestamp,
        replacedAt: Timestamp
    ) {
        self.at = at
        self.revision = revision
        self.value = value
        self.scalerUnit = scalerUnit
        self.quality = quality
        self.status = status
        self.receivedAt = receivedAt
        self.replacedAt = replacedAt
    }
}
