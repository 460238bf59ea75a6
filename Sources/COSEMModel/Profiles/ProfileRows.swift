// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// A captured value as it was sent, before scaling.
public enum ProfileCell: Hashable, Sendable {
    /// No value.
    case null
    /// Any integer type that fits.
    case integer(Int64)
    /// A long64-unsigned beyond the range of `integer`.
    case unsigned(UInt64)
    /// A boolean.
    case boolean(Bool)
    /// A float32 by its bits.
    case float32(UInt32)
    /// A float64 by its bits.
    case float64(UInt64)
    /// Anything else, by its place in ``ProfileRows/others``.
    case other(Int)
}

/// Rows of a profile, stored flat: a row costs no allocation.
public struct ProfileRows: Sendable {
    /// The columns.
    public let layout: ProfileLayout
    /// Values that are no simple number.
    public internal(set) var others: [DLMSData] = []
    var times: [ProfileTime?] = []
    var statuses: [UInt64?] = []
    var marks: [Marks] = []
    /// One cell for each column of each row; time and status are null here.
    var cells: [ProfileCell] = []

    /// What was noticed while a row was decoded.
    public struct Marks: Hashable, Sendable {
        /// Bit n: column n was null and repeats the row before, or was derived.
        public var inferredColumns: UInt64 = 0
        /// The row has fewer members than the profile has columns.
        public var isShort = false
        /// A difference came without a value to add it to, or with one that it cannot be added to.
        public var lacksBase = false

        /// Makes marks of nothing noticed.
        public init() {}

        /// Whether nothing was noticed.
        @inline(__always)
        var isUsual: Bool { inferredColumns == 0 && !isShort && !lacksBase }
    }

    /// Makes rows without any yet.
    public init(layout: ProfileLayout) {
        self.layout = layout
    }

    /// How many rows there are.
    public var count: Int { times.count }

    /// Whether there are no rows.
    public var isEmpty: Bool { times.isEmpty }

    /// The indices of the rows.
    public var indices: Range<Int> { times.indices }

    /// The instant of the row at an index from 0, in seconds since 1970; nil if it has none.
    public func utcSeconds(_ index: Int) -> Int64? { times[index]?.utcSeconds }

    /// The time stamp of the row at an index from 0; nil if it has none that can be known.
    public func time(_ index: Int) -> ProfileTime? { times[index] }

    /// The status word of the row at an index from 0; nil if it has none.
    public func status(_ index: Int) -> UInt64? { statuses[index] }

    /// What was noticed while the row at an index from 0 was decoded.
    public func marks(_ index: Int) -> Marks { marks[index] }

    /// The value of a column of the row at an index from 0; `null` for time and status.
    public func cell(_ index: Int, column: Int) -> ProfileCell { cells[index * layout.columns.count + column] }

    /// Adds a row that was taken apart before, such as one from a store.
    ///
    /// - Parameter values: one for each of the layout's value columns, in their order; those missing are null.
    public mutating func append(time: ProfileTime?, status: UInt64?, marks: Marks, values: [DLMSData]) {
        times.append(time)
        statuses.append(status)
        self.marks.append(marks)
        let first = cells.count
        cells.append(contentsOf: repeatElement(.null, count: layout.columns.count))
        for (column, data) in zip(layout.valueColumns, values) {
            if let cell = ProfileCell(data) {
                cells[first + column] = cell
            } else if data != .nullData {
                cells[first + column] = .other(others.count)
                others.append(data)
            }
        }
    }

    /// The row at an index from 0.
    public subscript(index: Int) -> ProfileRow {
        ProfileRow(rows: self, index: index)
    }
}

/// One row of a profile.
public struct ProfileRow: Sendable {
    let rows: ProfileRows
    let index: Int

    /// The time stamp; nil if the row has none that can be known.
    public var time: ProfileTime? { rows.times[index] }

    /// The status word; nil if the profile has none.
    public var status: UInt64? { rows.statuses[index] }

    /// The value of a column, by its place in the layout; `null` for time and status.
    public func cell(_ column: Int) -> ProfileCell {
        rows.cells[index * rows.layout.columns.count + column]
    }

    /// The captured values, without time and status.
    public var values: [ProfileCell] {
        rows.layout.valueColumns.map { cell($0) }
    }

    /// The keys of the columns that were null and repeat the row before, or were derived from it.
    public var inferredKeys: [String] { rows.inferredKeys(index) }

    /// Why the row is not to be trusted, such as "clock-doubtful"; empty for most rows.
    public func reasons(_ table: ProfileStatusTable) -> [String] { rows.reasons(index, table) }

    /// How far the row can be trusted, by its status word and the status of the clock.
    public func quality(_ table: ProfileStatusTable) -> ProfileQuality { rows.quality(index, table) }
}

extension ProfileRows {
    borrowing func inferredKeys(_ index: Int) -> [String] {
        let bits = marks[index].inferredColumns
        guard bits != 0 else { return [] }
        return layout.columns.enumerated().filter { $0.offset < 64 && bits >> UInt64($0.offset) & 1 != 0 }.map {
            $0.element.key
        }
    }

    /// How far the row at an index from 0 can be trusted, by its status word and the status of the clock.
    public borrowing func quality(_ index: Int, _ table: ProfileStatusTable) -> ProfileQuality {
        if marks[index].isShort || marks[index].lacksBase { return .suspect }
        if let status = statuses[index], status != 0, table.isSuspect(status) { return .suspect }
        guard let time = times[index] else { return .valid }
        return time.isSuspect ? .suspect : time.source == .rangeStart ? .inferred : .valid
    }

    /// Why the row at an index from 0 is not to be trusted; empty for most rows.
    public borrowing func reasons(_ index: Int, _ table: ProfileStatusTable) -> [String] {
        var reasons: [String] = []
        if let status = statuses[index], status != 0 { reasons += table.suspectNames(of: status) }
        for reason in times[index]?.reasons ?? [] where !reasons.contains(reason) { reasons.append(reason) }
        if marks[index].isShort { reasons.append("short-row") }
        if marks[index].lacksBase { reasons.append("difference-without-base") }
        return reasons
    }
}
