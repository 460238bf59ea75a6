// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Which rows are meant")
struct RowsQueryTests {
    private let now = Timestamp(seconds: 1_000_000)

    private func window(_ query: RowsQuery) -> [Int64]? {
        query.window(now: now).map { [$0.from.seconds, $0.to.seconds] }
    }

    @Test("Without words it is the last day")
    func nothing() {
        #expect(window(RowsQuery()) == [1_000_000 - 86_400, 1_000_000])
    }

    @Test("A number of rows alone has no time")
    func entries() {
        #expect(window(RowsQuery(entries: 5)) == nil)
        #expect(window(RowsQuery(last: .seconds(60), entries: 5)) == [999_940, 1_000_000])
    }

    @Test("What is read since the newest row does not wait for a row of a time to come")
    func sinceNewest() {
        var query = RowsQuery()
        query.since = .lastSuccess
        query.maxBack = .seconds(5000)
        func begin(_ newest: Int64?) -> Int64? {
            query.beginning(afterNewest: newest.map { Timestamp(seconds: $0) }, now: now).from?.seconds
        }
        #expect(begin(nil) == 995_000)
        #expect(begin(999_000) == 999_001)
        #expect(begin(1_000_200) == 1_000_201)
        #expect(begin(32_000_000) == 995_000)
    }

    @Test("Bounds and lengths combine")
    func bounds() {
        let (from, to) = (Timestamp(seconds: 500), Timestamp(seconds: 900))
        #expect(window(RowsQuery(from: from, to: to)) == [500, 900])
        #expect(window(RowsQuery(from: from)) == [500, 1_000_000])
        #expect(window(RowsQuery(from: from, last: .seconds(100))) == [500, 600])
        #expect(window(RowsQuery(to: to, last: .seconds(100))) == [800, 900])
        #expect(window(RowsQuery(from: from, to: to, last: .seconds(100))) == [800, 900])
        #expect(window(RowsQuery(to: Timestamp(seconds: 100_000))) == [13_600, 100_000])
    }
}
