// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import Timekeeping

/// What must be known to make rows of a profile's buffer.
public struct ProfileDecodingOptions: Sendable {
    /// Seconds between two rows; 0 if rows are captured on events.
    public var capturePeriod: UInt32
    /// How the buffer is sorted; the newest row comes first with `lifo`.
    public var sortMethod: ProfileDescriptor.SortMethod
    /// The meter's zone, for time stamps without deviation; nil leaves such times without an instant.
    public var zone: (any TimeZoneRules)?
    /// How the times of the meter are to be understood.
    public var time: TimeBehaviour
    /// Cells that are null repeat the cell of the row before, as the standard says; false shows them as null.
    public var expandsNull: Bool
    /// The start of the asked range, for a first row without time.
    public var rangeStart: ProfileTime?
    /// The columns wanted, by their places in the layout in rising order; nil for all.
    public var columns: [Int]?
    /// The columns that rows are expected to have, the wanted ones among them; nil for those wanted.
    ///
    /// Rows may have all columns all the same: what is not wanted is dropped.
    public var sentColumns: [Int]?
    /// Refuses rows that do not look like the layout, because the capture objects may have changed; false makes the best
    /// of them.
    public var isStrict: Bool

    /// Makes options.
    public init(
        capturePeriod: UInt32 = 0,
        sortMethod: ProfileDescriptor.SortMethod = .fifo,
        zone: (any TimeZoneRules)? = nil,
        time: TimeBehaviour = .standard,
        expandsNull: Bool = true,
        rangeStart: ProfileTime? = nil,
        columns: [Int]? = nil,
        sentColumns: [Int]? = nil,
        isStrict: Bool = false
    ) {
        self.capturePeriod = capturePeriod
        self.sortMethod = sortMethod
        self.zone = zone
        self.time = time
        self.expandsNull = expandsNull
        self.rangeStart = rangeStart
        self.columns = columns
        self.sentColumns = sentColumns
        self.isStrict = isStrict
    }
}
