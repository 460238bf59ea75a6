// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import JSONText
import MeterSimulator
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Clocks")
struct ClockTests {
    /// A simulated meter whose clock is ahead.
    private static func run(
        ahead seconds: Int64,
        quirks: String = "{}",
        _ body: (APIBench) async throws -> Void
    ) async throws {
        let serving = { (clock: HandClock) -> any ObjectServer in
            var options = SimulatedFleet.Options()
            options.clockShiftSeconds = seconds
            options.now = { clock.now().seconds }
            return SimulatedMeter(number: 0, options: options)
        }
        try await APIBench.run(serving: serving) { bench in
            _ = try await bench.send(.patch, "/meters/M1", #"{"quirks":\#(quirks)}"#)
            try await body(bench)
        }
    }

    @Test func `The clock tells by how much it is wrong and how that is known`() async throws {
        try await Self.run(ahead: 42) { bench in
            let answer = try await bench.get("/meters/M1/clock")
            #expect(answer.status == 200)
            #expect(answer.json["source"] == "meter-deviation")
            #expect(answer.json["timeZoneMinutes"] == -60)
            #expect(answer.json["ambiguous"] == false)
            let offset = try #require(answer.json["offsetSeconds"]?.number).text
            #expect(offset.hasPrefix("42"))
        }
    }

    @Test(arguments: ["set", "adjust", "shift"])
    func `A clock is corrected in each way`(mode: String) async throws {
        try await Self.run(ahead: 42) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", #"{"mode":"\#(mode)"}"#)
            #expect(answer.status == 200)
            #expect(answer.json["adjusted"] == true)
            let after = try await bench.get("/meters/M1/clock")
            let offset = try #require(after.json["offsetSeconds"]?.number?.exactInt64 ?? 0)
            #expect((-1...1).contains(offset))
        }
    }

    @Test func `Two who correct a clock at once correct it once`() async throws {
        try await Self.run(ahead: 42) { bench in
            let (isOver, over) = AsyncStream.makeStream(of: Bool?.self)
            let outcome = try await bench.gateway.synchronizeClock(
                of: "M1",
                ClockSyncWish(mode: .shift, crossesBoundaries: true),
                Gateway.Wishes(budget: WaitBudget(.seconds(60)))
            ) {
                Task {
                    let body = #"{"mode":"shift","acrossBoundary":true}"#
                    let answer = try? await bench.send(.post, "/meters/M1/clock/sync", body)
                    over.yield(answer?.json["adjusted"]?.bool)
                    over.finish()
                }
                // Whoever does not wait has moved the clock by now.
                while bench.gateway.writer.turns.waiting == 0, bench.listener.counters.served[.action] == nil {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            #expect(outcome.isAdjusted)
            for await isAdjusted in isOver { #expect(isAdjusted == false) }
            #expect(bench.listener.counters.served[.action] == 1)
        }
    }

    @Test func `A dry run reads and sends nothing`() async throws {
        try await Self.run(ahead: 42) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", #"{"dryRun":true}"#)
            #expect(answer.json["adjusted"] == false)
            #expect(bench.listener.counters.served[.set] == nil)
        }
    }

    @Test func `A clock that is right is left alone`() async throws {
        try await Self.run(ahead: 1) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(answer.json["adjusted"] == false)
            #expect(bench.listener.counters.served[.set] == nil)
        }
    }

    @Test func `A clock that is further off than allowed is not set`() async throws {
        try await Self.run(ahead: 7200) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(answer.status == 409)
            #expect(answer.problem == "adjustment-too-large")
            let shift = try await bench.send(
                .post,
                "/meters/M1/clock/sync",
                #"{"mode":"shift","maxAdjust":"PT3H"}"#
            )
            #expect(shift.problem == "adjustment-too-large")
            #expect(bench.listener.counters.served[.set] == nil)
            let allowed = try await bench.send(
                .post,
                "/meters/M1/clock/sync",
                #"{"maxAdjust":"PT3H","acrossBoundary":true}"#
            )
            #expect(allowed.json["adjusted"] == true)
        }
    }

    @Test func `A clock is not set over a moment of capture, and a little later it is`() async throws {
        // It is the beginning of a quarter of an hour, which the meter has not reached.
        try await Self.run(ahead: -60) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(answer.status == 409)
            #expect(answer.problem == "capture-boundary")
            let wait = try #require(answer.headers["Retry-After"].flatMap { Int64($0) })
            #expect((55...61).contains(wait))
            let dry = try await bench.send(.post, "/meters/M1/clock/sync", #"{"dryRun":true}"#)
            #expect(dry.problem == "capture-boundary")
            #expect(bench.listener.counters.served[.set] == nil)
            bench.clock.advance(by: .seconds(wait))
            let later = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(later.json["adjusted"] == true)
        }
    }

    @Test func `A clock is set over a moment of capture when that is asked for`() async throws {
        try await Self.run(ahead: -60) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", #"{"acrossBoundary":true}"#)
            #expect(answer.json["adjusted"] == true)
        }
    }

    @Test func `A clock that is off by more than a period has to be moved over moments of capture`() async throws {
        try await Self.run(ahead: 1000) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(answer.problem == "capture-boundary")
            #expect(answer.headers["Retry-After"] == nil)
        }
    }

    @Test func `Looks at a clock are kept, and tell how it drifts until it is set`() async throws {
        try await Self.run(ahead: 42) { bench in
            for _ in 0..<3 {
                _ = try await bench.get("/meters/M1/clock")
                bench.clock.advance(by: .seconds(700))
            }
            let history = try await bench.get("/meters/M1/clock/history")
            #expect(history.json["items"]?.array?.count == 3)
            #expect(history.json["drift"]?["samples"] == 3)
            let ppm = try #require(history.json["drift"]?["ppm"]?.number?.double)
            let uncertainty = try #require(history.json["drift"]?["uncertaintyPpm"]?.number?.double)
            #expect(ppm.magnitude <= uncertainty)
            let corrected = try await bench.send(.post, "/meters/M1/clock/sync", #"{"acrossBoundary":true}"#)
            #expect(corrected.json["adjusted"] == true)
            let items = try await bench.get("/meters/M1/clock/history").json["items"]?.array
            #expect(items?.last?["corrected"] == true)
            #expect(try await bench.get("/meters/M2/clock/history").problem == "meter-unknown")
        }
    }

    @Test func `A meter without daylight saving is told from its zone that has it`() async throws {
        try await Self.run(ahead: 0) { bench in
            let zone = try await bench.get("/meters/M1/clock").json["zone"]
            #expect(zone?["agrees"] == false)
            #expect(zone?["differences"]?.array == ["daylight-saving-off"])
            #expect(zone?["standardOffsetMinutes"] == 60)
            let standard = #"{"quirks":{"clockBase":"standard-time"}}"#
            _ = try await bench.send(.patch, "/meters/M1", standard)
            let fitting = try await bench.get("/meters/M1/clock").json["zone"]
            #expect(fitting?["agrees"] == true)
        }
    }

    @Test func `A clock whose deviation has the wrong sign is not set`() async throws {
        // The simulated meter is an hour ahead of UTC, so a deviation read with the other sign contradicts its zone.
        try await Self.run(ahead: 42, quirks: #"{"deviationSign":"inverted"}"#) { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", #"{"maxAdjust":"P1D"}"#)
            #expect(answer.problem == "clock-ambiguous")
            #expect(bench.listener.counters.served[.set] == nil)
        }
    }

    @Test func `A clock whose time is not given is not set`() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(answer.problem == "clock-ambiguous")
            #expect(try await bench.get("/meters/M1/clock").json["ambiguous"] == true)
        }
    }

    @Test func `A time that comes twice is not set, and an hour later it is`() async throws {
        try await APIBench.run { bench in
            // 2026-10-25T01:30:20Z is 02:30:20 for the second time in Bratislava; the meter tells no deviation.
            let repeated: Int64 = 1_792_891_820
            bench.clock.set(Timestamp(seconds: repeated))
            bench.meter.showLocalTime(utcSeconds: repeated + 60, offsetMinutes: 60)
            let answer = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(answer.problem == "clock-ambiguous")
            bench.clock.set(Timestamp(seconds: repeated + 3600))
            bench.meter.showLocalTime(utcSeconds: repeated + 3660, offsetMinutes: 60)
            let later = try await bench.send(.post, "/meters/M1/clock/sync", "{}")
            #expect(later.json["adjusted"] == true)
            // Written as the meter writes its own times: no deviation, no status.
            let written = try #require(bench.meter.shownTime)
            #expect(written.rawDeviation == .min)
            #expect(written.rawClockStatus == 0xFF)
            #expect(written.localSecondsSinceEpoch == repeated + 7200)
        }
    }

    @Test func `A clock is corrected by a job, too`() async throws {
        try await Self.run(ahead: 42) { bench in
            try await bench.working {
                let made = try await bench.send(
                    .post,
                    "/meters/M1/clock/sync",
                    #"{"mode":"shift"}"#,
                    headers: ["Prefer": "respond-async"]
                )
                #expect(made.status == 202)
                #expect(made.json["kind"] == "clock-sync")
                let path = try #require(made.headers["Location"])
                #expect(try await bench.get(path, headers: ["Prefer": "wait=20"]).json["state"] == "succeeded")
                let result = try await bench.get(path + "/executions").json["items"]?[0]?["result"]
                #expect(result?["adjusted"] == true)
            }
        }
    }

    @Test func `A correction whose answer is lost is resolved by reading`() async throws {
        try await APIBench.run { bench in
            bench.meter.showLocalTime(utcSeconds: bench.clock.now().seconds + 60, offsetMinutes: 60)
            _ = try await bench.send(
                .patch,
                "/meters/M1",
                #"{"timeouts":{"response":"PT0.3S"},"keepAlive":"PT0S"}"#
            )
            try await bench.working {
                bench.meter.onWrite = { bench.listener.setAnswering(.silent) }
                let made = try await bench.send(
                    .post,
                    "/jobs",
                    #"{"kind":"clock-sync","target":{"meters":["M1"]}}"#
                )
                let path = try #require(made.headers["Location"])
                while try await bench.get(path + "/executions").json["items"]?[0]?["state"] != "outcome-unknown" {
                    await Task.yield()
                }
                bench.listener.setAnswering(.prompt)
                bench.meter.onWrite = nil
                bench.clock.advance(by: .seconds(6))
                #expect(try await bench.get(path, headers: ["Prefer": "wait=20"]).json["state"] == "succeeded")
                #expect(bench.meter.writes == 1)
            }
        }
    }
}
