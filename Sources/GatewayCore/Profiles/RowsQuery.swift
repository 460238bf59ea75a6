// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Which rows of a profile a caller wants.
public struct RowsQuery: Hashable, Sendable {
    /// The first instant wanted.
    public var from: Timestamp?
    /// The instant before which the rows end.
    public var to: Timestamp?
    /// A length of time that ends at `to`, or now; with `from` alone it begins there.
    public var last: Duration?
    /// Only so many of the newest rows.
    public var entries: Int?
    /// At most so many rows in one answer.
    public var limit: Int?
    /// The columns wanted, by key or code; nil for all.
    ///
    /// Time and status come along.
    public var columns: [String]?

    /// Where reading begins by itself.
    public enum Since: String, CaseIterable, Hashable, Sendable {
        /// After the newest row that is stored.
        case lastSuccess = "last-success"
    }

    /// Where reading begins by itself; nil when the caller says.
    public var since: Since?
    /// How far back it begins at most; nil leaves it to the gateway.
    public var maxBack: Duration?

    /// What a caller gets who says nothing.
    public static let usualLast = Duration.seconds(86_400)

    /// Makes a wish.
    public init(
        from: Timestamp? = nil,
        to: Timestamp? = nil,
        last: Duration? = nil,
        entries: Int? = nil,
        limit: Int? = nil,
        columns: [String]? = nil
    ) {
        self.from = from
        self.to = to
        self.last = last
        self.entries = entries
        self.limit = limit
        self.columns = columns
    }

    /// Asks for the newest rows by the time that they cover, for meters that do not number them.
    mutating func entries(asTimeWith period: UInt32, now: Timestamp) {
        guard window(now: now) == nil, let entries, period > 0 else { return }
        let period = Int64(period)
        let newest = now.seconds / period * period
        from = Timestamp(seconds: newest - Int64(entries - 1) * period)
        to = Timestamp(seconds: now.seconds + 1)
    }

    /// A stretch of time, half-open.
    struct Window: Hashable {
        var from: Timestamp
        var to: Timestamp

        /// The stretch; nil if it is empty.
        var range: Range<Timestamp>? { from < to ? from..<to : nil }

        /// Whether an instant lies in it.
        func contains(_ seconds: Int64) -> Bool { seconds >= from.seconds && seconds < to.seconds }
    }

    /// The stretch of time that is meant, nil if only a number of rows is.
    func window(now: Timestamp) -> Window? {
        if from == nil, to == nil, last == nil, entries != nil { return nil }
        let length = last ?? (from == nil ? Self.usualLast : nil)
        switch (from, to, length) {
        case (let from?, nil, let length?): return Window(from: from, to: from + length)
        case (let from?, nil, nil): return Window(from: from, to: max(now, from))
        case (let from?, let to?, let length?): return Window(from: max(from, to - length), to: to)
        case (let from?, let to?, nil): return Window(from: from, to: to)
        case (nil, let to, let length):
            let end = to ?? now
            return Window(from: end - (length ?? Self.usualLast), to: end)
        }
    }
}
