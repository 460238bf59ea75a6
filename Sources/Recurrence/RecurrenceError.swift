// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a text says no recurrence, for whoever wrote it.
public struct RecurrenceError: Error, Hashable, Sendable {
    /// What is wrong, in words without a full stop.
    public let reason: String
    /// Where in the text, from 1; nil when it is the whole.
    public let column: Int?
    /// What to write instead, a sentence; nil when the reason says it.
    public let hint: String?

    init(_ reason: String, column: Int? = nil, hint: String? = nil) {
        self.reason = reason
        self.column = column
        self.hint = hint
    }
}
