// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import JSONText
import Testing

@Suite("Events")
struct EventTests {
    @Test("Who listens is told; who asks since the last event he knows misses none")
    func feed() async throws {
        try await APIBench.run { bench in
            var told = bench.gateway.events.listen().makeAsyncIterator()
            let meter = try #require(MeterID("M1"))
            var data = JSONObject()
            data["value"] = 4
            try await bench.gateway.events.publish([
                EventFeed.Draft(.meterAlarm, meter: meter, data: data), EventFeed.Draft(.jobFinished),
            ])
            #expect(await told.next()?.type == .meterAlarm)
            #expect(await told.next()?.type == .jobFinished)

            let first = try await bench.get("/events?meter=M1&type=meter.alarm,meter.event")
            #expect(first.status == 200)
            let item = try #require(first.json["items"]?.array?.first)
            #expect(item["meter"] == "M1")
            #expect(item["data"]?["value"] == 4)
            let id = try #require(item["id"]?.string)
            let later = try await bench.get("/events?since=\(id)")
            #expect(later.json["items"]?.array?.map { $0["type"] } == ["job.finished"])
            let newest = try await bench.get("/events?limit=1")
            #expect(newest.json["items"]?.array?.first?["type"] == "job.finished")
            let next = try #require(newest.json["next"]?.string)
            #expect(try await bench.get(next).json["items"]?.array?.first?["id"]?.string == id)
        }
    }

    @Test("Words that cannot be are refused")
    func refusals() async throws {
        try await APIBench.run { bench in
            for query in ["since=yesterday", "type=Alarm", "meter=%2F", "cursor=7"] {
                let refused = try await bench.get("/events?\(query)")
                #expect(refused.problem == "bad-parameter", "\(query)")
            }
            #expect(try await bench.get("/events?type=job.finished,meter.alarms").json["suggestion"] == "meter.alarm")
            let misspelt = try await bench.get("/events?typ=meter.alarm")
            #expect(misspelt.problem == "unknown-field")
        }
    }

    @Test("Events are forgotten after their time")
    func retention() async throws {
        try await APIBench.run { bench in
            try await bench.gateway.events.publish([EventFeed.Draft(.jobFinished)])
            #expect(try await bench.gateway.events.forget(olderThan: .seconds(60)) == 0)
            bench.clock.advance(by: .seconds(61))
            #expect(try await bench.gateway.events.forget(olderThan: .seconds(60)) == 1)
            #expect(try await bench.get("/events").json["items"]?.array?.isEmpty == true)
        }
    }
}
