// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// A table whose rows have a moment and are forgotten when they are old; PostgreSQL divides it by that moment.
///
/// Its migration writes, with the key's columns before the moment in the order they are searched by:
///
///     CREATE TABLE readings (..., PRIMARY KEY (meter_id, series, taken_at)) {key_ordered} {partitioned_by:taken_at};
///     {rest_partition:readings}
///
/// Rows of a moment for which no partition was made, such as those of a meter whose clock is years ahead, go into the
/// rest, so that everything works without a ``PartitionKeeper``; with one the rest stays small.
public struct DividedTable: Hashable, Sendable {
    /// The name of the table.
    public let name: String
    /// The columns of the key before the moment.
    public let key: [String]
    /// The column of the moment, in microseconds since 1970.
    public let moment: String
    /// How many days one partition is for.
    ///
    /// Some hundred partitions at most should be in use, and one should not hold more than the server's memory.
    public let daysPerPartition: Int

    /// Describes a table.
    public init(name: String, key: [String], moment: String, daysPerPartition: Int) {
        precondition(!key.isEmpty && daysPerPartition > 0, "a divided table has a key and a length of its parts")
        self.name = name
        self.key = key
        self.moment = moment
        self.daysPerPartition = daysPerPartition
    }

    /// The name of the partition for rows that no other takes.
    var rest: String { name + "_rest" }

    private var length: Int64 { Int64(daysPerPartition) * 86_400_000_000 }

    /// The partitions that together cover a time, the first moment of each and the one after its last.
    func ranges(from: Timestamp, to: Timestamp) -> [Range<Int64>] {
        let first = Self.quotient(from.microseconds, length)
        let last = Self.quotient(to.microseconds, length)
        guard first <= last else { return [] }
        return (first...last).map { ($0 * length)..<(($0 + 1) * length) }
    }

    /// The name of a partition: that of the table and its first day.
    func partition(_ range: Range<Int64>) -> String {
        let day = Timestamp(microseconds: range.lowerBound).rfc3339(offsetMinutes: 0).prefix(10)
        return "\(name)_from_\(String(day.map { $0 == "-" ? "_" : $0 }))"
    }

    private static func quotient(_ number: Int64, _ divisor: Int64) -> Int64 {
        number >= 0 ? number / divisor : (number - divisor + 1) / divisor
    }
}
