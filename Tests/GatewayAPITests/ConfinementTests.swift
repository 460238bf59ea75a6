// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing

@testable import GatewayAPI

@Suite("Keys that are confined to some meters")
struct ConfinementTests {
    private static let south = #"{"labels":{"region":"south"},"channel":{"type":"tcp","host":"127.0.0.1"}}"#

    /// Runs a test body with M1 in the north, M2 in the south, and a key that may everything, in the north.
    private func run(_ body: (APIBench, KeyBench, String) async throws -> Void) async throws {
        try await APIBench.run { bench in
            #expect(try await bench.send(.put, "/meters/M2", Self.south).status == 201)
            let keys = KeyBench(bench)
            try await body(bench, keys, try await keys.key("north", [.admin], labels: "region=north"))
        }
    }

    @Test func `Other meters do not exist, by whatever operation`() async throws {
        try await run { bench, keys, key in
            for route in bench.api.routeTable.routes
            where route.pattern.text.hasPrefix("/meters/{id}") && route.access != .scope(.metersWrite) {
                let answer = try await keys.send(route, id: "M2", key: key)
                #expect(answer.problem == "meter-unknown", "\(route.name): \(answer.status)")
                let unknown = try await keys.send(route, id: "M3", key: key)
                #expect(unknown.problem == "meter-unknown", "\(route.name): \(unknown.status)")
            }
            #expect(try await keys.get("/meters/M1", key).status == 200)
            let list = try await keys.get("/meters", key).json["items"]?.array ?? []
            #expect(list.map { $0["id"]?.string } == ["M1"])
        }
    }

    @Test func `What is about all meters is closed`() async throws {
        try await run { bench, keys, key in
            let own: Set<String> = [
                "listMeters", "listReadings", "createJob", "listJobs", "createEventTicket",
            ]
            for route in bench.api.routeTable.routes {
                let isOpen = route.access == .open || route.access == .authenticated || own.contains(route.name)
                let isOfOne = ["/meters/{id}", "/jobs/{id}"].contains { route.pattern.text.hasPrefix($0) }
                if isOpen || isOfOne && route.access != .scope(.metersWrite) { continue }
                let answer = try await keys.send(route, key: key)
                #expect(answer.problem == "insufficient-scope", "\(route.name): \(answer.status)")
            }
        }
    }

    @Test func `Jobs and stored readings are of the own meters only`() async throws {
        try await run { bench, keys, key in
            let items = #""items":[{"object":"1.0.1.8.0.255","attribute":2}]"#
            func make(_ target: String, _ key: String) async throws -> APIBench.Answer {
                try await keys.send(.post, "/jobs", key, "{\"kind\":\"read\",\"target\":\(target),\(items)}")
            }
            #expect(try await make(#"{"meters":["M1","M2"]}"#, key).problem == "meter-unknown")
            let named = try await make(#"{"selector":"!nothing"}"#, key)
            #expect(named.status == 202)
            #expect(named.json["progress"]?["total"] == 1)
            let everywhere = try await keys.key("everywhere", roles: [.operator_])
            let other = try await make(#"{"meters":["M2"]}"#, everywhere)
            let place = try #require(other.headers["Location"])
            for rest in ["", "/executions", "/result"] {
                #expect(try await keys.get(place + rest, key).problem == "job-unknown")
            }
            #expect(try await keys.send(.post, place + "/cancel", key).problem == "job-unknown")
            let jobs = try await keys.get("/jobs", key).json["items"]?.array ?? []
            #expect(jobs.map { $0["createdBy"]?.string } == ["key:north"])
            #expect(try await keys.get("/readings?meter=M2", key).problem == "meter-unknown")
            #expect(try await keys.get("/readings?label=region=south", key).json["items"]?.array?.isEmpty == true)
            #expect(try await keys.get("/readings?meter=M1", key).status == 200)
        }
    }
}
