// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import Timekeeping

/// Rows of a profile, oldest first, and what of the asked time they cover.
public struct RowsAnswer: Sendable {
    /// The profile.
    public let sheet: ProfileSheet
    /// The columns of the rows.
    public let layout: ProfileLayout
    /// The rows, oldest first, as they were decoded together.
    public let batches: [RowsBatch]
    /// What of the asked time is covered; nil where rows have no fixed period of up to a day, or only a
    /// number of them was asked for.
    public let coverage: ProfileCoverage?
    /// The time of the first row that did not fit, and the end of the asked time; nil if all fitted.
    public let rest: (from: Timestamp, to: Timestamp)?
    /// The rules of the meter's time zone.
    public let zone: any TimeZoneRules
    /// Who chose rows and columns.
    public let selection: RowsSelection
    /// Whether the rows come from the store.
    public let isStored: Bool
    /// Where the time went.
    public let timings: ExchangeTimings

    /// How many rows there are.
    public var count: Int { batches.reduce(0) { $0 + $1.count } }

    /// The rows one by one.
    public var rows: [ProfileRow] { batches.flatMap { batch in batch.indices.map { batch.rows[$0] } } }
}
