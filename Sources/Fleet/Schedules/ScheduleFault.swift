// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Recurrence

/// Why a document is no schedule.
public enum ScheduleFault: Error, Hashable, Sendable {
    /// A member is unknown, missing or wrong.
    case member(JSONMemberError)
    /// The text of a recurrence is none.
    case recurrence(RecurrenceError)
}
