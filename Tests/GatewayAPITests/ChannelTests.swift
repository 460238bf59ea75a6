// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import GatewayCore
import HTTPKit
import JSONText
import MeterSessions
import MeterTransport
import Testing
import Timekeeping

@Suite("Channels and groups of them")
struct ChannelTests {
    private static let energy = "/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=0"

    @Test("A shared channel shows what it does, also as the channel of its meter")
    func status() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.put, "/channels/line-7", bench.path())
            let before = try await bench.get("/channels/line-7")
            #expect(before.json["status"]?["state"] == "idle")
            #expect(before.json["status"]?["holder"] == .null)
            #expect(before.json["status"]?["queue"]?["byPriority"]?.array?.count == 10)
            #expect(before.json["status"]?["breaker"]?["state"] == "closed")
            #expect(before.json["status"]?["counters"]?["exchanges"] == 0)

            #expect(try await bench.get(Self.energy).status == 200)
            let after = try await bench.get("/channels/line-7")
            // The channel of M1 leads to the same place.
            #expect(after.json["status"]?["counters"]?["exchanges"]?.number?.double ?? 0 > 0)
            #expect(after.json["status"]?["counters"]?["octetsReceived"]?.number?.double ?? 0 > 0)
            #expect(after.json["status"]?["holder"]?["meter"] == "M1")
            #expect(after.json["status"]?["holder"]?["association"] == "reader")
            #expect(after.headers["ETag"] == before.headers["ETag"])
            let own = try await bench.get("/channels/meter:M1")
            #expect(own.json["id"] == "meter:M1")
            #expect(own.json["type"] == "tcp")
            #expect(own.json["status"]?["counters"] == after.json["status"]?["counters"])
            #expect(try await bench.get("/meters/M1").json["status"]?["channel"]?["state"] == "idle")
            let list = try await bench.get("/channels")
            #expect(list.json["items"]?.array?.first?["status"]?["holder"]?["meter"] == "M1")
            #expect(try await bench.get("/channels/meter:M2").problem == "meter-unknown")
        }
    }

    @Test("A held channel lets callers wait; whose wait ends is told until when and why")
    func hold() async throws {
        try await APIBench.run { bench in
            let body = #"{"for":"PT2H","reason":"the mast is painted"}"#
            let held = try await bench.send(.post, "/channels/meter:M1/hold", body)
            #expect(held.status == 200)
            #expect(held.json["status"]?["state"] == "held")
            #expect(held.json["status"]?["holdReason"] == "the mast is painted")
            let until = held.json["status"]?["heldUntil"]?.string.flatMap { Timestamp(rfc3339: $0) }
            // Instants and times of day are two clocks.
            let expected = bench.clock.now() + .seconds(7200)
            #expect(until.map { (expected - .seconds(60)...expected + .seconds(60)).contains($0) } == true)

            let refused = try await bench.get(Self.energy, headers: ["Prefer": "wait=1"])
            #expect(refused.status == 423)
            #expect(refused.problem == "meter-locked")
            #expect(refused.json["detail"]?.string?.contains("the mast is painted") == true)
            #expect(refused.json["until"]?.string?.isEmpty == false)
            let pause = refused.headers["Retry-After"].flatMap { Int($0) } ?? 0
            #expect((7000...7200).contains(pause))

            let waiting = Task { try await bench.get(Self.energy) }
            while await bench.sessions.metrics().queueLength == 0 { await Task.yield() }
            #expect(try await bench.get("/channels/meter:M1").json["status"]?["queue"]?["length"] == 1)
            let free = try await bench.send(.post, "/channels/meter:M1/resume")
            #expect(free.json["status"]?["heldUntil"] == .null)
            #expect(try await waiting.value.status == 200)
        }
    }

    @Test("What a hold may say is checked")
    func holdWords() async throws {
        try await APIBench.run { bench in
            let hold = "/channels/meter:M1/hold"
            let empty = try await bench.send(.post, hold, "{}")
            #expect(empty.json["status"]?["state"] == "held")
            _ = try await bench.send(.post, "/channels/meter:M1/resume")
            #expect(try await bench.send(.post, hold, #"{"until":"2020-01-01T00:00:00Z"}"#).problem == "bad-parameter")
            #expect(try await bench.send(.post, hold, #"{"for":"soon"}"#).problem == "bad-parameter")
            #expect(try await bench.send(.post, hold, #"{"four":"PT1H"}"#).json["suggestion"] == "for")
            let both = #"{"for":"PT1H","until":"2100-01-01T00:00:00Z"}"#
            #expect(try await bench.send(.post, hold, both).status == 422)
            #expect(try await bench.send(.post, "/channels/none/hold").problem == "channel-unknown")
            #expect(try await bench.get("/channels/meter:M1").json["status"]?["state"] == "idle")
            #expect(try await bench.send(.post, hold).json["status"]?["state"] == "held")
        }
    }

    @Test("A drained channel takes nothing new")
    func drain() async throws {
        try await APIBench.run { bench in
            let drained = try await bench.send(.post, "/channels/meter:M1/drain")
            #expect(drained.json["status"]?["state"] == "draining")
            let refused = try await bench.get(Self.energy)
            #expect(refused.problem == "meter-locked")
            #expect(refused.headers["Retry-After"] != nil)
            _ = try await bench.send(.post, "/channels/meter:M1/resume")
            #expect(try await bench.get(Self.energy).status == 200)
        }
    }

    @Test("A line that does not open is left alone, visibly, and urgent requests are tried all the same")
    func breaker() async throws {
        try await APIBench.run { bench in
            let port = bench.listener.port
            await bench.listener.close()
            for _ in 0..<5 {
                #expect(try await bench.get(Self.energy).problem == "meter-refused-connection")
            }
            let refused = try await bench.get(Self.energy)
            #expect(refused.status == 503)
            #expect(refused.problem == "circuit-open")
            #expect(refused.json["until"]?.string?.isEmpty == false)
            #expect((1...18).contains(refused.headers["Retry-After"].flatMap { Int($0) } ?? 0))
            let channel = try await bench.get("/channels/meter:M1").json["status"]
            #expect(channel?["state"] == "broken")
            #expect(channel?["breaker"]?["state"] == "open")
            #expect(channel?["breaker"]?["failures"] == 5)
            #expect(channel?["breaker"]?["reason"]?["problem"] == "meter-refused-connection")
            #expect(channel?["breaker"]?["reason"]?["hint"]?.string?.isEmpty == false)
            #expect(channel?["lastError"]?["meter"] == "M1")
            let urgent = try await bench.get(Self.energy, headers: ["Priority": "u=0"])
            #expect(urgent.problem == "meter-refused-connection")
            #expect(try await bench.get(Self.energy, headers: ["Priority": "u=1"]).problem == "circuit-open")
            #expect(port > 0)
        }
    }

    @Test("A meter that does not answer shows its breaker")
    func meterBreaker() async throws {
        try await APIBench.run { bench in
            #expect(try await bench.get("/meters/M1").json["status"]?["breaker"]?["state"] == "closed")
            _ = try await bench.send(.put, "/meters/M1", bench.configuration(response: "PT1S"))
            bench.listener.setAnswering(.held)
            for _ in 0..<5 { #expect(try await bench.get(Self.energy).problem == "meter-timeout") }
            let status = try await bench.get("/meters/M1").json["status"]
            #expect(status?["breaker"]?["state"] == "open")
            #expect(status?["breaker"]?["reason"]?["problem"] == "meter-timeout")
            #expect(status?["breaker"]?["until"]?.string?.isEmpty == false)
            // Others on the line are not kept from it.
            #expect(status?["channel"]?["breaker"]?["state"] == "closed")
        }
    }

    @Test("Groups have limits, show what they do, and stay while channels are in them")
    func groups() async throws {
        try await APIBench.run { bench in
            #expect(try await bench.get("/channel-groups/modems").problem == "channel-unknown")
            let limits = #"{"parallelism":4,"maxConnectionsPerSecond":2.5}"#
            let made = try await bench.send(.put, "/channel-groups/modems", limits)
            #expect(made.status == 201)
            #expect(made.headers["Location"] == "/channel-groups/modems")
            #expect(made.json["parallelism"] == 4)
            #expect(made.json["maxConnectionsPerSecond"]?.number?.double == 2.5)
            #expect(made.json["status"]?["active"] == 0)
            #expect(try await bench.send(.put, "/channel-groups/modems", #"{"parallelism":0}"#).status == 422)
            #expect(
                try await bench.send(.put, "/channel-groups/modems", #"{"paralelism":1}"#).json["suggestion"]
                    == "parallelism"
            )

            let astray = try await bench.send(.put, "/channels/line-7", bench.path(group: "modem"))
            #expect(astray.problem == "channel-unknown")
            #expect(astray.json["suggestion"] == "modems")
            #expect(try await bench.send(.put, "/channels/line-7", bench.path(group: "modems")).status == 201)
            let target = #"{"channel":"line-7","associations":{"reader":{"clientAddress":16}}}"#
            #expect(try await bench.send(.put, "/meters/M2", target).status == 201)
            #expect(try await bench.get("/meters/M2/objects/1.0.1.8.0.255/attributes/2").status == 200)
            let busy = try await bench.get("/channel-groups/modems")
            #expect(busy.json["status"]?["active"] == 1)
            #expect(busy.json["status"]?["channels"]?.array?.count == 1)
            #expect(try await bench.get("/channels/line-7").json["status"]?["group"] == "modems")

            let kept = try await bench.send(.delete, "/channel-groups/modems")
            #expect(kept.problem == "in-use")
            #expect(kept.json["detail"]?.string?.contains("channel group is used by line-7") == true)
            let changed = try await bench.send(.put, "/channel-groups/modems", #"{"parallelism":1}"#)
            #expect(changed.status == 200)
            #expect(changed.json["maxConnectionsPerSecond"] == .null)
            #expect(try await bench.get("/channel-groups").json["items"]?.array?.count == 1)
            _ = try await bench.send(.delete, "/meters/M2")
            _ = try await bench.send(.delete, "/channels/line-7")
            #expect(try await bench.send(.delete, "/channel-groups/modems").status == 204)
            #expect(try await bench.send(.delete, "/channel-groups/modems").problem == "channel-unknown")
        }
    }

    @Test("A meter that names an unknown channel is refused with the nearest one")
    func unknownChannel() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.put, "/channels/line-7", bench.path())
            let target = #"{"channel":"line7","associations":{"reader":{"clientAddress":16}}}"#
            #expect(try await bench.send(.put, "/meters/M2", target).json["suggestion"] == "line-7")
        }
    }
}

extension APIBench {
    /// The body of a channel that leads to the meter.
    fileprivate func path(group: String? = nil) -> String {
        let member = group.map { #","group":"\#($0)""# } ?? ""
        return #"{"type":"tcp","host":"127.0.0.1","port":\#(listener.port)\#(member)}"#
    }
}
