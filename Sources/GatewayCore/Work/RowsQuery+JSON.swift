// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Timekeeping

extension RowsQuery {
    /// How far back a reading since the last success goes at most, unless it says otherwise.
    static let usualMaxBack = Duration.seconds(31 * 86_400)

    /// Reads `from`, `to`, `last`, `entries`, `columns`, `since` and `maxBack`.
    ///
    /// - Throws: `JSONMemberError` with the place of the fault.
    init(_ members: inout JSONMembers) throws(JSONMemberError) {
        self.init()
        from = try Self.moment("from", &members)
        to = try Self.moment("to", &members)
        last = try Self.duration("last", &members)
        entries = try members.optionalInteger("entries", in: 1...1_000_000)
        columns = try members.optionalStrings("columns")
        since = try members.optionalChoice("since")
        maxBack = try Self.duration("maxBack", &members)
        if since != nil, from != nil || last != nil || entries != nil {
            throw JSONMemberError(
                .invalid(expected: "left out when from, last or entries is there"),
                at: members.pointer.appending("since")
            )
        }
        if maxBack != nil, since == nil {
            throw JSONMemberError(
                .invalid(expected: "left out without since"),
                at: members.pointer.appending("maxBack")
            )
        }
    }

    /// The members that ``init(_:)`` reads.
    var members: [JSONObject.Member] {
        let values: [(String, JSONValue?)] = [
            ("from", from.map { .string($0.rfc3339) }),
            ("to", to.map { .string($0.rfc3339) }),
            ("last", last.map { .string($0.iso8601) }),
            ("entries", entries.map { .integer($0) }),
            ("columns", columns.map { .array($0.map { .string($0) }) }),
            ("since", since.map { .string($0.rawValue) }),
            ("maxBack", maxBack.map { .string($0.iso8601) }),
        ]
        return values.compactMap { name, value in value.map { JSONObject.Member(name: name, value: $0) } }
    }

    /// The same wish with its beginning: the row after the newest one that is stored, or as far back as it may go.
    ///
    /// A newest row of a time to come says nothing: the meter's clock was wrong when it was captured.
    func beginning(afterNewest newest: Timestamp?, now: Timestamp) -> RowsQuery {
        guard since != nil else { return self }
        var query = self
        let earliest = (to ?? now) - (maxBack ?? Self.usualMaxBack)
        let known = newest.flatMap { $0 <= now + LedgerBook.grace ? $0 : nil }
        query.from = max(earliest, known.map { $0 + .seconds(1) } ?? earliest)
        return query
    }

    private static func moment(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> Timestamp? {
        guard let text = try members.optionalString(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw JSONMemberError(
                .invalid(expected: "a time with its offset, such as 2026-11-22T00:00:00+01:00", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return moment
    }

    private static func duration(_ name: String, _ members: inout JSONMembers) throws(JSONMemberError) -> Duration? {
        guard let text = try members.optionalString(name) else { return nil }
        guard let length = Duration(iso8601: text) else {
            throw JSONMemberError(
                .invalid(expected: "a duration such as P1D", suggestion: nil),
                at: members.pointer.appending(name)
            )
        }
        return length
    }
}
