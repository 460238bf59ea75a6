// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// One time at which a recurrence is due.
public struct Occurrence: Hashable, Sendable {
    /// What the change of a clock has to do with it.
    public enum Note: Hashable, Sendable {
        /// The clock skips the local time, given in seconds since 1970-01-01T00:00:00; it is due when the skip ends.
        case skipped(local: Int64)
        /// The clock shows the local time twice; this is the first, and the second is not due.
        case firstOnly
        /// The clock shows the local time twice; this is the first, and the second is due, too.
        case first
        /// The clock shows the local time twice; this is the second.
        case second
    }

    /// When.
    public let instant: Timestamp
    /// What the change of a clock has to do with it; nil on all other days.
    public let note: Note?

    init(_ seconds: Int64, _ note: Note? = nil) {
        instant = Timestamp(seconds: seconds)
        self.note = note
    }
}
