// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import GatewayCore
import Testing

@Suite("No way around orders")
struct SupplyGuardTests {
    private static let script = #"{"type":"octet-string","hex":"00000A006AFF"}"#
    private static let tariffScript = #"{"type":"octet-string","hex":"00000A0064FF"}"#

    private static func action(_ table: String) -> String {
        #"{"value":{"type":"structure","items":[\#(table),{"type":"long-unsigned","value":1}]}}"#
    }

    private static func table(_ classID: Int) -> String {
        #"""
        {"value":{"type":"array","items":[{"type":"structure","items":[{"type":"long-unsigned","value":1},
        {"type":"array","items":[{"type":"structure","items":[{"type":"enum","value":2},
        {"type":"long-unsigned","value":\#(classID)},{"type":"octet-string","hex":"00000E0000FF"},
        {"type":"integer","value":1},{"type":"integer","value":0}]}]}]}]}}
        """#
    }

    private static func put(_ bench: APIBench, _ place: String, _ body: String) async throws -> APIBench.Answer {
        try await bench.send(.put, "/meters/M1/objects/\(place)", body)
    }

    @Test func `What names a disconnector, or a script that does, is refused`() async throws {
        try await APIBench.run { bench in
            let writes = [
                ("0.0.96.3.10.255/attributes/4", #"{"value":{"type":"enum","value":4}}"#),
                ("0.0.10.0.100.255/attributes/2", Self.table(70)),
                ("0.0.10.0.100.255/attributes/2", Self.table(9)),
                ("0.0.15.0.1.255/attributes/2", Self.action(Self.script)),
                ("0.0.17.0.0.255/attributes/3", #"{"value":{"type":"double-long-unsigned","value":0}}"#),
            ]
            for (place, body) in writes {
                let answer = try await Self.put(bench, place, body)
                #expect(answer.status == 403, "\(place)")
                #expect(answer.problem == "orders-only", "\(place)")
            }
            #expect(bench.meter.writes == 0)
            #expect(try await Self.put(bench, "0.0.10.0.100.255/attributes/2", Self.table(6)).status == 200)
            #expect(
                try await Self.put(bench, "0.0.15.0.1.255/attributes/2", Self.action(Self.tariffScript)).status == 200
            )
            #expect(bench.meter.writes == 2)
        }
    }

    private static func run(_ bench: APIBench, _ table: String, _ key: String) async throws -> APIBench.Answer {
        try await bench.send(
            .post,
            "/meters/M1/objects/\(table)/methods/execute",
            #"{"parameter":{"type":"long-unsigned","value":1}}"#,
            headers: ["Idempotency-Key": key]
        )
    }

    @Test func `A script is run only when its table can be read and leads to no disconnector`() async throws {
        try await APIBench.run { bench in
            let answer1 = try await Self.run(bench, "0.0.10.0.106.255", "a")
            #expect(answer1.problem == "orders-only")
            #expect(bench.meter.invocations == 0)
            let answer2 = try await Self.run(bench, "0.0.10.0.100.255", "b")
            #expect(answer2.status == 200)
            #expect(bench.meter.invocations == 1)
            let table = SampleMeter.Place(9, SampleMeter.tariffScripts, 2)
            bench.meter.state.withLock { $0.values[table] = nil }
            let answer3 = try await Self.run(bench, "0.0.10.0.100.255", "c")
            #expect(answer3.problem == "orders-only")
            #expect(bench.meter.invocations == 1)
        }
    }
}
