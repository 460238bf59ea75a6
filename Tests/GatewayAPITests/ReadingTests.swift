// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText
import Jobs
import Testing

@testable import GatewayCore

@Suite("Readings", .timeLimit(.minutes(2)))
struct ReadingTests {
    private let value = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"
    private let rows = "/meters/M1/profiles/1.0.99.1.0.255/rows"
    private let hour = "?from=2026-11-20T00:00:00Z&to=2026-11-20T01:00:00Z"

    @Test("What is read live is the newest reading, under its alias, and has a tag")
    func latest() async throws {
        try await APIBench.run { bench in
            #expect(try await bench.get("/meters/M1/readings/latest").json["readings"]?.object?.names == [])
            let read = try await bench.get(value)
            let answer = try await bench.get("/meters/M1/readings/latest?names=energy-import,voltage-l1")
            let reading = try #require(answer.json["readings"]?["energy-import"])
            #expect(reading["raw"] == read.json["value"]?["raw"])
            #expect(reading["value"] == read.json["value"]?["value"])
            #expect(reading["unit"] == "Wh")
            #expect(reading["quality"] == "valid")
            #expect(reading["origin"] == "live")
            #expect(reading["clock"] == "gateway")
            #expect(answer.json["missing"] == ["voltage-l1"])
            let tag = try #require(answer.headers["ETag"])
            let again = try await bench.send(
                .get,
                "/meters/M1/readings/latest?names=energy-import,voltage-l1",
                headers: ["If-None-Match": tag]
            )
            #expect(again.status == 304)
            #expect(try await bench.get("/meters/M1/readings/latest?names=enrgy-import").problem == "bad-parameter")
            #expect(try await bench.get("/meters/M9/readings/latest").problem == "meter-unknown")
        }
    }

    @Test("A live value is told before it is stored, and who looks for what is stored then finds it")
    func beforeStored() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get(value)
            bench.meter.state.withLock {
                $0.values[SampleMeter.Place(3, SampleMeter.energy, 2)] = .doubleLongUnsigned(7_654_321)
            }
            bench.clock.advance(by: .seconds(1))
            bench.database.hold()
            let read = try await bench.get(value + "?maxAge=0")
            #expect(read.json["source"] == "live")
            #expect(read.json["value"]?["raw"] == 7_654_321)
            async let latest = bench.get("/meters/M1/readings/latest?names=energy-import")
            while await bench.gateway.readingKeeper.queue.patientCount < 1 { await Task.yield() }
            async let history = bench.get("/readings?meter=M1&name=energy-import&last=PT1H")
            while await bench.gateway.readingKeeper.queue.patientCount < 2 { await Task.yield() }
            bench.database.letGo()
            let newest = try await latest.json
            #expect(newest["readings"]?["energy-import"]?["raw"] == 7_654_321)
            let all = try await history.json
            #expect(all["items"]?.array?.map { $0["raw"] } == [1_234_567, 7_654_321])
        }
    }

    @Test("What a job reads is stored before the job goes on")
    func jobsWait() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get(value)
            await bench.gateway.settleReadings()
            bench.clock.advance(by: .seconds(1))
            let job = JobIDGenerator().next(at: bench.clock.now())
            let wishes = Gateway.Wishes(freshness: .live, budget: WaitBudget(.seconds(10)), origin: .job(job))
            bench.database.hold()
            async let answer = bench.gateway.read(
                [AttributeQuery(object: SampleMeter.energy, classID: 3, attribute: .index(2))],
                of: "M1",
                wishes
            )
            await bench.database.someoneWrites()
            // Would wait for the database if it were on the way of readings that nobody waits for.
            await bench.gateway.settleReadings()
            bench.database.letGo()
            let read = try await answer
            #expect(read.failures == 0)
            let stored = try await bench.get("/meters/M1/readings/latest?names=energy-import")
            #expect(stored.json["readings"]?["energy-import"]?["origin"] == "job")
        }
    }

    @Test("Stored rows are the rows that the meter gave, and are told without asking it again")
    func storedRows() async throws {
        try await APIBench.run(storedRowsAreFinal: true) { bench in
            #expect(try await bench.get(rows + "?source=stored").problem == "not-cached")
            let live = try await bench.get(rows + hour)
            #expect(live.json["source"] == "live")
            let reads = bench.meter.state.withLock { $0.reads.values.reduce(0, +) }
            let stored = try await bench.get(rows + hour)
            #expect(stored.json["source"] == "stored")
            #expect(stored.json["rows"] == live.json["rows"])
            #expect(stored.json["columns"] == live.json["columns"])
            #expect(stored.json["coverage"] == live.json["coverage"])
            #expect(bench.meter.state.withLock { $0.reads.values.reduce(0, +) } == reads)
            let anew = try await bench.get(rows + hour + "&maxAge=0")
            #expect(anew.json["source"] == "live")
            #expect(anew.json["rows"] == live.json["rows"])
            // More than is stored has to be read.
            let more = try await bench.get(rows + "?from=2026-11-20T00:00:00Z&to=2026-11-20T02:00:00Z")
            #expect(more.json["source"] == "live")
            let newest = try await bench.get(rows + "?source=stored&entries=2")
            #expect(newest.json["rows"]?.array?.count == 2)
        }
    }

    @Test("The history goes across meters, in pages, as lines and as a table")
    func history() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get(rows + hour)
            let range = "&from=2026-11-20T00:00:00Z&to=2026-11-20T01:00:00Z"
            let all = try await bench.get("/readings?label=region%3Dnorth&name=energy-import" + range)
            let items = try #require(all.json["items"]?.array)
            #expect(items.count == 4)
            #expect(items.first?["meter"] == "M1")
            #expect(items.first?["source"] == "profile 1.0.99.1.0.255")
            #expect(items.first?["time"] == "2026-11-20T00:00:00Z")
            // A length has its beginning where one is told, as with rows, else its end.
            for range in ["from=2026-11-20T00:00:00Z&last=PT1H", "to=2026-11-20T01:00:00Z&last=PT1H"] {
                let hour = try await bench.get("/readings?label=region%3Dnorth&name=energy-import&" + range)
                #expect(hour.json["items"]?.array == items, "\(range)")
            }
            var found: [JSONValue] = []
            var next: String? = "/readings?meter=M1&name=energy-import&limit=3" + range
            while let path = next {
                let page = try await bench.get(path)
                found += page.json["items"]?.array ?? []
                next = page.json["next"]?.string
            }
            #expect(found == items)
            let lines = try await bench.send(
                .get,
                "/readings?meter=M1&detail=true" + range,
                headers: ["Accept": "application/x-ndjson"]
            )
            #expect(
                lines.text.hasSuffix("{\"end\":true,\"readings\":\(lines.text.split(separator: "\n").count - 1)}\n")
            )
            #expect(lines.text.contains("\"clock\":\"meter\""))
            let table = try await bench.send(
                .get,
                "/readings?meter=M1&name=energy-import" + range,
                headers: ["Accept": "text/csv"]
            )
            #expect(table.text.split(separator: "\r\n").count == 5)
            #expect(try await bench.get("/readings").problem == "bad-parameter")
            #expect(try await bench.get("/readings?meter=M9").problem == "meter-unknown")
        }
    }
}
