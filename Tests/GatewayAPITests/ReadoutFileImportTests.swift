// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing

@Suite("Import of readout files")
struct ReadoutFileImportTests {
    private static let text = ["Content-Type": "text/plain"]
    private static let file =
        "/ISk5MT174-0001\r\n0.0.0(12345678)\r\n0.9.1(123000)\r\n0.9.2(261120)\r\nC.1.0(00004711)\r\n"
        + "1.8.0(000123.45*kWh)\r\n1.8.0*01(000120.00)\r\n1.6.0(01.234*kW)(2611101815)\r\n!\r\n"

    /// Registers a text meter that nobody can reach.
    private static func run(_ body: (APIBench) async throws -> Void) async throws {
        try await APIBench.run { bench in
            for (name, device) in [("T1", "12345678"), ("T2", "0087654321")] {
                let made = try await bench.send(
                    .put,
                    "/meters/\(name)",
                    """
                    {"timeZone":"Europe/Bratislava","channel":{"type":"tcp","host":"127.0.0.1","port":1},
                     "framing":"iec62056-21","address":{"device":"\(device)"},"associations":{}}
                    """
                )
                #expect(made.status == 201)
            }
            try await body(bench)
        }
    }

    private static func post(_ bench: APIBench, _ path: String, _ body: String) async throws -> APIBench.Answer {
        try await bench.send(.post, path, body, headers: text)
    }

    @Test func `What was imported is told from the cache, with the time of the meter's clock`() async throws {
        try await Self.run { bench in
            let answer = try await Self.post(bench, "/meters/T1/readout-files", Self.file)
            #expect(answer.status == 200)
            #expect(answer.json["imported"] == 1)
            #expect(answer.json["items"]?[0]?["readAt"] == "2026-11-20T11:30:00Z")
            #expect(answer.json["items"]?[0]?["complete"] == true)
            let value = try await bench.get("/meters/T1/objects/1-0:1.8.0/attributes/2?source=cache")
            #expect(value.status == 200)
            #expect(value.json["source"] == "import")
            #expect(value.json["readAt"] == "2026-11-20T11:30:00Z")
            #expect(
                value.json["value"] == ["value": 123450, "unit": "Wh", "raw": 12345, "scaler": 1, "unitCode": 30]
            )
            #expect(value.json["object"]?["class"] == 3)
            let scaler = try await bench.get("/meters/T1/objects/1-0:1.8.0/attributes/3?source=cache&form=typed")
            #expect(scaler.status == 200)
            let name = try await bench.get("/meters/T1/objects/1-0:1.8.0/attributes/1?source=cache")
            #expect(name.json["value"] == "1.0.1.8.0.255")
            let serial = try await bench.get("/meters/T1/objects/0.0.96.1.0.255/attributes/2?source=cache")
            #expect(serial.json["value"] == "00004711")
        }
    }

    @Test func `Objects are listed from an import, and values of any age are given to who allows it`() async throws {
        try await Self.run { bench in
            _ = try await Self.post(bench, "/meters/T1/readout-files", Self.file)
            let list = try await bench.get("/meters/T1/objects")
            #expect(list.status == 200)
            #expect(list.json["source"] == "import")
            let items = try #require(list.json["items"]?.array)
            let names = items.compactMap { $0["obis"]?.string }
            #expect(Set(names).isSuperset(of: ["1.0.1.8.0.255", "1.0.1.8.0.1", "1.0.1.6.0.255", "0.0.1.0.0.255"]))
            #expect(items.first { $0["obis"] == "1.0.1.6.0.255" }?["class"] == 4)
            let all = try await bench.get("/meters/T1/objects/1.0.1.6.0.255?attributes=all&maxAge=P3D")
            #expect(all.status == 200)
            #expect(all.json["failed"] == 0)
            let late = try await bench.get("/meters/T1/objects/1-0:1.8.0/attributes/2")
            #expect(late.status == 502)
        }
    }

    @Test func `An import survives a restart, and an older one does not take its place`() async throws {
        try await Self.run { bench in
            _ = try await Self.post(bench, "/meters/T1/readout-files", Self.file)
            let older = Self.file.replacing("261120)", with: "261119)").replacing("000123.45", with: "000100.00")
            let answer = try await Self.post(bench, "/meters/T1/readout-files", older)
            #expect(answer.json["items"]?[0]?["kept"] == false)
            // Another revision has everything read from the store again.
            _ = try await bench.send(.patch, "/meters/T1", #"{"name":"other"}"#)
            let value = try await bench.get("/meters/T1/objects/1-0:1.8.0/attributes/2?source=cache")
            #expect(value.json["value"]?["raw"] == 12345)
        }
    }

    @Test func `Meters are found by their numbers, and one that is not spoils no other`() async throws {
        try await Self.run { bench in
            let file =
                Self.file + Self.file.replacing("12345678", with: "87654321")
                + Self.file.replacing("12345678", with: "11111111") + "/ISk5X\r\n1.8.0(1*kWh)\r\n!\r\n"
            let answer = try await Self.post(bench, "/readout-files", file)
            #expect(answer.status == 200)
            #expect(answer.json["imported"] == 2)
            #expect(answer.json["failed"] == 2)
            #expect(answer.json["items"]?[1]?["meter"] == "T2")
            #expect(answer.json["items"]?[2]?["problem"]?["type"] == "/docs/problems/meter-unknown")
            #expect(answer.json["items"]?[3]?["problem"]?["type"] == "/docs/problems/readout-unreadable")
        }
    }

    @Test func `A readout of another meter is refused unless its number is to be ignored`() async throws {
        try await Self.run { bench in
            let refused = try await Self.post(bench, "/meters/T2/readout-files", Self.file)
            #expect(refused.problem == "readout-of-another-meter")
            #expect(refused.status == 422)
            let taken = try await Self.post(bench, "/meters/T2/readout-files?number=ignored", Self.file)
            #expect(taken.json["imported"] == 1)
        }
    }

    @Test(arguments: [
        ("/meters/T1/readout-files", "", "readout-unreadable"),
        ("/meters/T1/readout-files", "hello", "readout-unreadable"),
        ("/meters/M1/readout-files", "/ISk5\r\n1.8.0(1)\r\n!\r\n", "not-a-text-meter"),
        ("/meters/T9/readout-files", "/ISk5\r\n1.8.0(1)\r\n!\r\n", "meter-unknown"),
        ("/meters/T1/readout-files", "/ISk5\r\n\u{2}1.8.0(1)\r\n!\r\n\u{3}Z", "readout-unreadable"),
    ])
    func `What is no readout is refused`(path: String, body: String, problem: String) async throws {
        try await Self.run { bench in
            let answer = try await Self.post(bench, path, body)
            #expect(answer.problem == problem)
        }
    }

    @Test func `A meter that speaks DLMS has no readout`() async throws {
        try await Self.run { bench in
            let answer = try await bench.send(.post, "/meters/M1/readout")
            #expect(answer.status == 422)
            #expect(answer.problem == "not-a-text-meter")
            #expect(answer.json["hint"]?.string?.contains("objects") == true)
        }
    }
}
