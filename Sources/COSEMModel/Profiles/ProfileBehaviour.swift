// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How a meter serves and fills its profiles; the defaults are what the Blue Book says of class 7.
public struct ProfileBehaviour: Hashable, Sendable {
    /// Which end of its interval the time stamp of a row names.
    public enum IntervalLabel: String, CaseIterable, Hashable, Sendable {
        /// The end: the row of 00:15 closes the quarter of an hour that began at 00:00.
        case end
        /// Observed: the beginning.
        case begin
    }

    /// Whether a meter takes a kind of selective access.
    public enum Selection: String, CaseIterable, Hashable, Sendable {
        /// It is tried, and not tried again in the session if the meter refuses it.
        case supported
        /// It is known to be refused, or answered wrongly, and never tried.
        case unsupported
    }

    /// What the bounds of a range say about the offset from UTC.
    public enum RangeDeviation: String, CaseIterable, Hashable, Sendable {
        /// The deviation of each bound.
        case specified
        /// Nothing (8000): the meter searches in its own time and refuses a deviation.
        case unspecified
    }

    /// The clock status in the bounds of a range.
    public enum RangeStatus: String, CaseIterable, Hashable, Sendable {
        /// None of the bits, or the daylight-saving bit where it is daylight saving time.
        case specified
        /// FF.
        case unspecified
    }

    /// Whether the row at a bound of a range belongs to it.
    public enum RangeEdge: String, CaseIterable, Hashable, Sendable {
        /// It does.
        case inclusive
        /// Observed at the start: it does not, so the bound is moved out by a second.
        case exclusive
    }

    /// How the bounds of a range are encoded.
    public enum RangeEncoding: String, CaseIterable, Hashable, Sendable {
        /// As an octet-string of 12 octets.
        case octetString = "octet-string"
        /// As date-time, tag 25.
        case dateTime = "date-time"
    }

    /// Which column a range restricts.
    public enum RestrictingColumn: String, CaseIterable, Hashable, Sendable {
        /// The time stamp, wherever it stands in the row.
        case time
        /// The one that attribute 6 names, as far as it is a time.
        case sortObject = "sort-object"
        /// The clock 0.0.1.0.0.255, even if the row has another time.
        case clock
    }

    /// What null-data in a cell means.
    public enum NullCell: String, CaseIterable, Hashable, Sendable {
        /// The same as in the row before, or one capture period on.
        case repeated
        /// No value.
        case absent
    }

    /// How times are to be understood.
    public var time: TimeBehaviour
    /// Which end of its interval a row is named by.
    public var intervalLabel: IntervalLabel
    /// Whether rows can be selected by time (selector 1).
    public var rangeSelection: Selection
    /// Whether rows can be selected by number (selector 2).
    public var entrySelection: Selection
    /// Whether columns can be selected.
    public var columnSelection: Selection
    /// What the bounds of a range say about the offset from UTC.
    public var rangeDeviation: RangeDeviation
    /// The clock status in the bounds of a range.
    public var rangeStatus: RangeStatus
    /// Whether the row at the start of a range belongs to it.
    public var rangeStart: RangeEdge
    /// Whether the row at the end of a range belongs to it.
    public var rangeEnd: RangeEdge
    /// Seconds that the bounds of a range must be multiples of, in the meter's time; 3600 for whole hours, 1 for any.
    public var rangeStep: UInt32
    /// How the bounds of a range are encoded.
    public var rangeEncoding: RangeEncoding
    /// Which column a range restricts.
    public var restrictingColumn: RestrictingColumn
    /// So many rows are asked for at once at most; nil for any number.
    public var mostRowsInRange: UInt32?
    /// What null-data in a cell means.
    public var nullCell: NullCell
    /// What the bits of the status word mean.
    public var statusTable: ProfileStatusTable

    /// Makes a behaviour; what is left out is as the standard says.
    public init(
        time: TimeBehaviour = .standard,
        intervalLabel: IntervalLabel = .end,
        rangeSelection: Selection = .supported,
        entrySelection: Selection = .supported,
        columnSelection: Selection = .supported,
        rangeDeviation: RangeDeviation = .specified,
        rangeStatus: RangeStatus = .specified,
        rangeStart: RangeEdge = .inclusive,
        rangeEnd: RangeEdge = .inclusive,
        rangeStep: UInt32 = 1,
        rangeEncoding: RangeEncoding = .octetString,
        restrictingColumn: RestrictingColumn = .time,
        mostRowsInRange: UInt32? = nil,
        nullCell: NullCell = .repeated,
        statusTable: ProfileStatusTable = .amr
    ) {
        self.time = time
        self.intervalLabel = intervalLabel
        self.rangeSelection = rangeSelection
        self.entrySelection = entrySelection
        self.columnSelection = columnSelection
        self.rangeDeviation = rangeDeviation
        self.rangeStatus = rangeStatus
        self.rangeStart = rangeStart
        self.rangeEnd = rangeEnd
        self.rangeStep = max(rangeStep, 1)
        self.rangeEncoding = rangeEncoding
        self.restrictingColumn = restrictingColumn
        self.mostRowsInRange = mostRowsInRange
        self.nullCell = nullCell
        self.statusTable = statusTable
    }

    /// As the Blue Book says.
    public static let standard = ProfileBehaviour()
}
