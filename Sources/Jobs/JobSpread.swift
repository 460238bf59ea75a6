// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Spreads the beginnings of a job's executions, so that a fleet is not asked all at once.
public struct JobSpread: Hashable, Sendable {
    /// When the first may begin.
    public var from: Timestamp
    /// How long after it the last may begin; at least a microsecond.
    public var over: Duration

    /// Makes a spread.
    public init(from: Timestamp, over: Duration) {
        self.from = from
        self.over = max(over, .microseconds(1))
    }

    /// When the execution on a target may begin: the same distance from the first each time, so that meters keep their
    /// turns.
    public func moment(of target: String) -> Timestamp {
        // FNV-1a, mixed once more because short texts that differ at their end only lie close together.
        var hash = target.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        hash ^= hash >> 33
        hash = hash &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        return from + .microseconds(Int64(hash % UInt64(max(over.wholeMicroseconds, 1))))
    }
}
