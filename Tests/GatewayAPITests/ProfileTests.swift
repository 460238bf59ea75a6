// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Profiles")
struct ProfileTests {
    private let rows = "/meters/M1/profiles/1.0.99.1.0.255/rows"

    @Test("A profile tells its columns, units and period")
    func descriptor() async throws {
        try await APIBench.run { bench in
            let list = try await bench.get("/meters/M1/profiles")
            #expect(list.json["items"]?.array?.count == 1)
            let one = try await bench.get("/meters/M1/profiles/1.0.99.1.0.255")
            #expect(one.json["capturePeriod"] == "PT15M")
            #expect(one.json["entriesInUse"] == 200)
            #expect(one.json["columns"]?[0]?["key"] == "time")
            #expect(one.json["columns"]?[1]?["unit"] == "Wh")
            #expect(try await bench.get("/meters/M1/profiles/1.0.1.8.0.255").problem == "profile-unknown")
        }
    }

    @Test("A range is half-open and complete")
    func range() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get(rows + "?from=2026-11-20T01:00:00%2B01:00&to=2026-11-20T02:00:00+01:00")
            #expect(answer.status == 200)
            let found = try #require(answer.json["rows"]?.array)
            #expect(found.count == 4)
            #expect(found[0]["time"] == "2026-11-20T00:00:00Z" || found[0]["time"] == "2026-11-20T00:00:00+00:00")
            #expect(found[0]["values"]?[0] == .number(try #require(JSONNumber(text: "10.00"))))
            #expect(answer.json["coverage"]?["expected"] == 4)
            #expect(answer.json["coverage"]?["received"] == 4)
            #expect(answer.json["next"] == .null)
        }
    }

    @Test("The last day, the newest rows, and pages")
    func lastAndEntries() async throws {
        try await APIBench.run { bench in
            #expect(try await bench.get(rows + "?last=PT1H").json["rows"]?.array?.count == 4)
            let newest = try await bench.get(rows + "?entries=3")
            #expect(newest.json["rows"]?.array?.count == 3)
            #expect(newest.json["rows"]?[2]?["values"]?[0] == .number(try #require(JSONNumber(text: "11.99"))))
            let page = try await bench.get(rows + "?last=PT1H&limit=3")
            #expect(page.json["rows"]?.array?.count == 3)
            let next = try await bench.get(try #require(page.json["next"]?.string))
            #expect(next.json["rows"]?.array?.count == 1)
            #expect(next.json["next"] == .null)
            #expect(try await bench.get(rows + "?from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z").status == 422)
        }
    }

    @Test("A meter that gives no parts is read whole and cut here")
    func withoutSelection() async throws {
        try await APIBench.run { bench in
            bench.meter.state.withLock { $0.refusesSelection = true }
            let hour = try await bench.get(rows + "?last=PT1H")
            #expect(hour.json["rows"]?.array?.count == 4)
            let three = try await bench.get(rows + "?entries=3")
            #expect(three.json["rows"]?.array?.count == 3)
        }
    }

    @Test("Rows as lines and as CSV")
    func otherForms() async throws {
        try await APIBench.run { bench in
            let lines = try await bench.get(rows + "?last=PT1H", headers: ["Accept": "application/x-ndjson"])
            let parts = lines.text.split(separator: "\n")
            #expect(parts.count == 5)
            #expect(parts.last == #"{"end":true,"rows":4,"selection":{"rows":"by-meter","columns":"none"}}"#)
            let csv = try await bench.get(rows + "?last=PT1H", headers: ["Accept": "text/csv"])
            #expect(csv.text.hasPrefix("time,status,quality,1.0.1.8.0.255/2 [Wh],rawTime,timeSource\r\n"))
            #expect(csv.text.split(separator: "\r\n").count == 5)
            #expect(try await bench.get(rows, headers: ["Accept": "image/png"]).status == 406)
        }
    }
}
