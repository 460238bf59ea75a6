// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Who selects rows and columns")
struct ProfileSelectionTests {
    private let profile = "/meters/M1/profiles/1.0.99.1.0.255"
    private let rows = "/meters/M1/profiles/1.0.99.1.0.255/rows"
    private let lines = ["Accept": "application/x-ndjson"]

    private func bufferReads(_ bench: APIBench) -> Int { bench.meter.reads(7, SampleMeter.profile, 2) }

    private func values(_ answer: APIBench.Answer) -> [JSONValue?] {
        answer.json["rows"]?.array?.map { $0["values"]?[0] } ?? []
    }

    private func times(_ answer: APIBench.Answer) -> [String] {
        if let rows = answer.json["rows"]?.array { return rows.compactMap { $0["time"]?.string } }
        return answer.text.split(separator: "\n").compactMap {
            (try? JSONReader.parse(Array($0.utf8)))?["time"]?.string
        }
    }

    @Test("The meter is asked for the wanted columns only")
    func columns() async throws {
        try await APIBench.run { bench in
            bench.meter.addTariffColumn()
            let all = try await bench.get(rows + "?last=PT1H")
            #expect(all.json["selection"]?["columns"] == "none")
            #expect(all.json["columns"]?.array?.count == 3)
            for query in ["last=PT1H", "entries=4"] {
                for name in ["1.0.1.8.0.255/2", "1-0:1.8.0", "1.0.1.8.0.255"] {
                    let some = try await bench.get(rows + "?\(query)&columns=\(name)")
                    #expect(some.json["selection"]?["rows"] == "by-meter")
                    #expect(some.json["selection"]?["columns"] == "by-meter")
                    #expect(some.json["columns"]?.array?.count == 2)
                    #expect(values(some).count == 4)
                    #expect(values(some) != values(all))
                }
            }
            let unknown = try await bench.get(rows + "?columns=1.0.1.8.0.254/2")
            #expect(unknown.problem == "range-not-supported")
            #expect(unknown.text.contains("1.0.1.8.0.255/2"))
        }
    }

    // Field report: column selection is not supported on some versions.
    @Test("Columns that the meter does not select are cut here, and not asked for again")
    func columnsRefused() async throws {
        try await APIBench.run { bench in
            bench.meter.addTariffColumn()
            bench.meter.state.withLock { $0.refusesColumns = true }
            for (expectedReads, query) in [(2, "last=PT1H"), (3, "last=PT1H"), (4, "entries=4")] {
                let answer = try await bench.get(rows + "?\(query)&columns=1.0.1.8.0.255/2")
                #expect(answer.json["selection"]?["rows"] == "by-meter")
                #expect(answer.json["selection"]?["columns"] == "by-gateway")
                #expect(answer.json["columns"]?.array?.count == 2)
                #expect(
                    values(answer).first
                        == .number(try #require(JSONNumber(text: query == "entries=4" ? "11.96" : "11.46")))
                )
                #expect(bufferReads(bench) == expectedReads)
            }
            let quirks = try await bench.get("/meters/M1/quirks")
            let learned = quirks.json["items"]?.array?.first { $0["name"] == "columnSelection" }
            #expect(learned?["origin"] == "learned")
            #expect(learned?["value"] == "unsupported")
        }
    }

    // Field report: selective access is not supported on some versions.
    @Test("A meter that selects nothing is asked for parts once")
    func selectionRefused() async throws {
        try await APIBench.run { bench in
            bench.meter.state.withLock { $0.refusesSelection = true }
            for expectedReads in [2, 3] {
                let answer = try await bench.get(rows + "?last=PT1H", headers: lines)
                #expect(times(answer).count == 4)
                #expect(answer.text.contains(#""selection":{"rows":"by-gateway","columns":"none"}"#))
                #expect(bufferReads(bench) == expectedReads)
            }
            // Too long to be read whole.
            bench.meter.shapeBuffer(rowCount: 10_001)
            bench.clock.advance(by: .seconds(400))
            #expect(try await bench.get(rows + "?last=PT1H").problem == "range-not-supported")
        }
    }

    @Test("Rows come oldest first, whatever the order of the buffer and whether the meter says it")
    func order() async throws {
        try await APIBench.run { bench in
            let usual = times(try await bench.get(rows + "?last=PT6H"))
            #expect(usual.count == 24)
            for saysSo in [true, false] {
                bench.meter.shapeBuffer(isNewestFirst: true, saysSo: saysSo)
                bench.clock.advance(by: .seconds(301))
                _ = try await bench.get(profile, headers: ["Cache-Control": "no-cache"])
                #expect(
                    times(try await bench.get(rows + "?from=2026-11-21T07:30:00Z&to=2026-11-21T13:30:00Z")) == usual
                )
                let stream = try await bench.get(
                    rows + "?from=2026-11-21T07:30:00Z&to=2026-11-21T13:30:00Z",
                    headers: lines
                )
                #expect(times(stream) == usual)
            }
            bench.meter.shapeBuffer(isNewestFirst: true)
            _ = try await bench.get(profile, headers: ["Cache-Control": "no-cache"])
            let newest = try await bench.get(rows + "?entries=2")
            #expect(newest.json["rows"]?[1]?["values"]?[0] == .number(try #require(JSONNumber(text: "11.99"))))
            #expect(newest.json["rows"]?.array?.count == 2)
        }
    }

    @Test("A value never stands in a wrong column after the captured objects changed")
    func changedColumns() async throws {
        try await APIBench.run { bench in
            for headers in [[:], lines] {
                #expect(try await bench.get(rows + "?last=PT1H", headers: headers).status == 200)
            }
            bench.meter.addTariffColumn()
            let answer = try await bench.get(rows + "?last=PT1H")
            #expect(
                answer.json["columns"]?.array?.compactMap { $0["key"]?.string }.suffix(2) == [
                    "1.0.1.8.1.255/2", "1.0.1.8.0.255/2",
                ]
            )
            #expect(answer.json["rows"]?[0]?["values"]?.array?.count == 2)
            #expect(answer.json["rows"]?[0]?["values"]?[0] == .number(try #require(JSONNumber(text: "7"))))
        }
    }

    @Test("A long range is read in parts, so that no answer of the meter is long")
    func parts() async throws {
        try await APIBench.run { bench in
            bench.meter.shapeBuffer(rowCount: 20_000)
            bench.clock.advance(by: .seconds(20_000 * 900))
            let query = "?from=2026-11-20T00:00:00Z&last=P300D"
            let patient = lines.merging(["Prefer": "wait=120"]) { $1 }
            let stream = try await bench.get(rows + query, headers: patient)
            let found = times(stream)
            #expect(found.count == 20_000)
            #expect(found == found.sorted())
            #expect(Set(found).count == 20_000)
            #expect(
                stream.text.hasSuffix(
                    "{\"end\":true,\"rows\":20000,\"selection\":{\"rows\":\"by-meter\",\"columns\":\"none\"}}\n"
                )
            )
            #expect(bench.meter.state.withLock { $0.longestAnswer } <= 4097)
            let csv = try await bench.get(rows + query, headers: ["Accept": "text/csv"])
            #expect(csv.text.split(separator: "\r\n").count == 20_001)
            // Only as much is read as is wanted.
            let before = bufferReads(bench)
            #expect(times(try await bench.get(rows + query + "&limit=10", headers: lines)).count == 10)
            #expect(bufferReads(bench) == before + 1)
        }
    }

    // Field reports: a value with no unit must fail loudly; scalers should be cached with the model.
    @Test("Scalers are read once for all meters of a model, and told where they cannot be read")
    func scalers() async throws {
        try await APIBench.run { bench in
            for meter in ["A", "B"] {
                let body = bench.configuration().dropFirst()
                let made = try await bench.send(.put, "/meters/\(meter)", "{\"model\":\"acme-1\"," + body)
                #expect(made.status == 201)
                let answer = try await bench.get("/meters/\(meter)/profiles/1.0.99.1.0.255/rows?last=PT1H")
                #expect(answer.json["columns"]?[1]?["unit"] == "Wh")
                #expect(bench.meter.reads(3, SampleMeter.energy, 3) == 1)
            }
            #expect(try await bench.get(rows + "?last=PT1H").json["columns"]?[1]?["unit"] == "Wh")
            #expect(bench.meter.reads(3, SampleMeter.energy, 3) == 2)

            bench.meter.addTariffColumn()
            let unknown = try await bench.get(rows + "?last=PT1H").json["columns"]?[1]
            #expect(unknown?["unit"] == .null)
            #expect(unknown?["scaler"] == .null)
        }
    }

    @Test("Times follow the quirks of the meter")
    func quirks() async throws {
        try await APIBench.run { bench in
            let body = bench.configuration().dropFirst()
            let quirks =
                #"{"quirks":{"clockBase":"standard-time","deviationUse":"ignored","rangeSelection":"unsupported","intervalLabel":"begin"},"#
            #expect(try await bench.send(.put, "/meters/Q", quirks + body).status == 201)
            let answer = try await bench.get("/meters/Q/profiles/1.0.99.1.0.255/rows?last=PT1H")
            #expect(answer.json["rows"]?[0]?["timeSource"] == "standard-time")
            #expect(answer.json["rows"]?[0]?["time"]?.string?.hasSuffix("+01:00") == true)
            #expect(answer.json["intervalLabel"] == "begin")
            #expect(answer.json["selection"]?["rows"] == "by-gateway")
            #expect(bench.meter.reads(7, SampleMeter.profile, 2) == 1)
        }
    }
}
