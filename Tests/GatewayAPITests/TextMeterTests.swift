// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import HTTPKit
import JSONText
import Testing
import Timekeeping

@Suite("Text meters")
struct TextMeterTests {
    private static let energy = "/meters/T1/objects/1-0:1.8.0/attributes/2"

    /// A meter of mode C that answers as soon as the standard lets it.
    private static func settings() throws -> TextServerSettings {
        let identification = try #require(
            IdentificationMessage(manufacturer: "ISk", baudCharacter: 0x35, identification: "MT174-0001")
        )
        var settings = TextServerSettings(identification: identification)
        settings.reactionTime = .milliseconds(20)
        return settings
    }

    /// Registers a text meter as T1.
    private static func run(
        password: String = "00000000",
        _ body: (APIBench, SampleTextMeter) async throws -> Void
    ) async throws {
        let meter = SampleTextMeter()
        let serving = { (_: HandClock) -> any ObjectServer in meter }
        try await APIBench.run(
            serving: serving,
            framing: .text(try Self.settings())
        ) { bench in
            // The meter shows 2026-11-21T13:00:00 in Bratislava.
            bench.clock.set(Timestamp(seconds: 1_795_262_400))
            let made = try await bench.send(
                .put,
                "/meters/T1",
                """
                {"timeZone":"Europe/Bratislava","channel":{"type":"tcp","host":"127.0.0.1","port":\(bench.listener.port)},
                 "framing":"iec62056-21",
                 "associations":{"reader":{"authentication":{"mechanism":"low","secret":{"text":"\(password)"}}}}}
                """
            )
            #expect(made.status == 201)
            try await body(bench, meter)
        }
    }

    @Test func `A value is told with its unit, and from the cache the next time`() async throws {
        try await Self.run { bench, meter in
            let first = try await bench.get(Self.energy)
            #expect(first.status == 200, "\(first.text)")
            #expect(first.json["source"] == "live")
            #expect(
                first.json["value"] == ["value": 123450, "unit": "Wh", "raw": 12345, "scaler": 1, "unitCode": 30]
            )
            let second = try await bench.get(Self.energy)
            #expect(second.json["source"] == "cache")
            let other = try await bench.get("/meters/T1/objects/1-0:1.8.0*01/attributes/2")
            #expect(other.json["value"]?["raw"] == 12000)
            #expect(other.json["source"] == "cache")
            let live = try await bench.get(Self.energy, headers: ["Cache-Control": "no-cache"])
            #expect(live.json["source"] == "live")
        }
    }

    @Test func `One readout answers a batch`() async throws {
        try await Self.run { bench, meter in
            _ = try await bench.get("/meters/T1/objects")
            let before = meter.state.withLock { $0.readouts }
            bench.clock.advance(by: .seconds(3600))
            let items =
                (0..<60).map { _ in #"{"object":"1-0:1.8.0","attribute":2}"# }
                + [#"{"object":"0-0:96.1.0","attribute":2}"#, #"{"object":"1-0:1.6.0","attribute":5}"#]
            let answer = try await bench.send(
                .post,
                "/meters/T1/read",
                #"{"items":[\#(items.joined(separator: ","))]}"#
            )
            #expect(answer.json["failed"] == 0)
            #expect(answer.json["items"]?[60]?["value"] == "00004711")
            #expect(meter.state.withLock { $0.readouts } == before + 1)
        }
    }

    @Test func `What the readout does not list is read by itself`() async throws {
        try await Self.run { bench, meter in
            meter.state.withLock { _ = $0.refused.insert("R1") }
            let voltage = try await bench.get("/meters/T1/objects/1-0:32.7.0/attributes/2")
            #expect(voltage.status == 200)
            #expect(voltage.json["value"]?["value"]?.number?.text == "230.1")
            #expect(voltage.json["value"]?["unit"] == "V")
            let nothing = try await bench.get("/meters/T1/objects/1-0:99.7.0/attributes/2")
            #expect(nothing.problem == "object-undefined")
        }
    }

    @Test func `A value is written as the meter shows it, and read back`() async throws {
        try await Self.run { bench, meter in
            let answer = try await bench.send(.put, Self.energy, #"{"value":{"raw":20000,"scaler":1,"unitCode":30}}"#)
            #expect(answer.status == 200)
            #expect(answer.json["verified"] == true)
            #expect(meter.state.withLock { $0.writes } == ["W1 1.8.0(000200.00)"])
            meter.state.withLock { $0.refused = ["W1", "W5"] }
            let refused = try await bench.send(.put, Self.energy, #"{"value":1000}"#)
            #expect(refused.problem == "meter-refused")
            #expect(refused.json["dlms"]?["result"] == "ER02")
        }
    }

    @Test func `A password that is refused is told`() async throws {
        try await Self.run(password: "11111111") { bench, meter in
            let answer = try await bench.send(.put, Self.energy, #"{"value":1000}"#)
            #expect(answer.problem == "authentication-failed-at-meter")
        }
    }

    @Test func `The clock is read, and set in the form in which it is shown`() async throws {
        try await Self.run { bench, meter in
            let clock = try await bench.get("/meters/T1/clock")
            #expect(clock.status == 200)
            #expect(clock.json["time"] == "2026-11-21T13:00:00+01:00")
            #expect(clock.json["instant"] == "2026-11-21T12:00:00Z")
            bench.clock.advance(by: .seconds(60))
            let sync = try await bench.send(.post, "/meters/T1/clock/sync", "{}")
            #expect(sync.status == 200)
            #expect(sync.json["adjusted"] == true)
            let writes = meter.state.withLock { $0.writes }
            #expect(writes.count == 1)
            #expect(writes.first?.hasPrefix("W5 0.9.1(01301") == true)
        }
    }

    @Test func `A load profile is told with columns, gaps, status and both hours of the change`() async throws {
        try await Self.run { bench, meter in
            let list = try await bench.get("/meters/T1/profiles")
            #expect(list.status == 200)
            #expect(
                list.json["items"]?.array?.compactMap { $0["obis"]?.string } == ["1.0.99.1.0.255", "1.0.99.98.0.255"]
            )
            #expect(list.json["items"]?[0]?["capturePeriod"] == "PT15M")
            let rows = try await bench.get(
                "/meters/T1/profiles/1.0.99.1.0.255/rows?from=2026-10-25T00:00:00Z&to=2026-10-25T02:15:00Z"
            )
            #expect(rows.status == 200)
            let items = try #require(rows.json["rows"]?.array)
            #expect(
                items.map { $0["time"]?.string } == [
                    "2026-10-25T02:00:00+02:00", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00",
                    "2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:15:00+01:00",
                    "2026-10-25T03:00:00+01:00",
                ]
            )
            #expect(rows.json["columns"]?.array?.compactMap { $0["unit"]?.string } == ["W", "W"])
            #expect(items[0]["values"]?[0] == 100)
            #expect(items[5]["values"]?[1] == .null)
            #expect(items[4]["status"]?[0] == "daylight-saving")
            #expect(items[6]["status"]?[0] == "power-down")
            #expect(rows.json["coverage"]?["received"] == 7)
            #expect(rows.json["coverage"]?["gaps"]?.array?.count == 1)
        }
    }

    @Test func `A log book has its entries`() async throws {
        try await Self.run { bench, meter in
            let rows = try await bench.get("/meters/T1/profiles/1.0.99.98.0.255/rows?last=P2D")
            #expect(rows.status == 200)
            #expect(
                rows.json["rows"]?.array?.compactMap { $0["time"]?.string } == [
                    "2026-11-21T10:15:00+01:00", "2026-11-21T10:30:00+01:00",
                ]
            )
            #expect(rows.json["rows"]?[1]?["status"]?[0] == "power-up")
        }
    }

    @Test func `A profile that the meter does not have is not known`() async throws {
        try await Self.run { bench, meter in
            let answer = try await bench.get("/meters/T1/profiles/1.0.99.7.0.255/rows")
            #expect(answer.problem == "profile-unknown")
        }
    }

    @Test func `A whole readout is told as JSON and as it came`() async throws {
        try await Self.run { bench, meter in
            let answer = try await bench.send(.post, "/meters/T1/readout")
            #expect(answer.status == 200)
            let items = try #require(answer.json["items"]?.array)
            #expect(items.count == 7)
            #expect(items[4]["obis"] == "1.0.1.8.0.255")
            #expect(items[4]["raw"]?[0]?["text"] == "000123.45")
            #expect(items[4]["raw"]?[0]?["unit"] == "kWh")
            let text = try await bench.send(.post, "/meters/T1/readout", headers: ["Accept": "text/plain"])
            #expect(text.text.contains("\r\n1.8.0(000123.45*kWh)\r\n"))
            #expect(text.text.hasPrefix("/"))
        }
    }

    @Test func `Equal reads at once cost one readout`() async throws {
        try await Self.run { bench, meter in
            _ = try await bench.get("/meters/T1/objects")
            let before = meter.state.withLock { $0.readouts }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await bench.get(Self.energy, headers: ["Cache-Control": "no-cache"]).status }
                }
                for try await status in group { #expect(status == 200) }
            }
            #expect(meter.state.withLock { $0.readouts } - before <= 2)
        }
    }

    @Test func `Methods are not there`() async throws {
        try await Self.run { bench, meter in
            _ = try await bench.get("/meters/T1/objects")
            let answer = try await bench.send(
                .post,
                "/meters/T1/objects/1-0:1.8.0/methods/1",
                "{}",
                headers: ["Idempotency-Key": "k1"]
            )
            #expect(answer.problem == "not-supported")
        }
    }
}
