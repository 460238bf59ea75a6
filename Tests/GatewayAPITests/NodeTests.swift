// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Gateways that share a database")
struct NodeTests {
    @Test("A gateway that has its database to itself is the only one and has every line")
    func alone() async throws {
        try await APIBench.run { bench in
            let items = try #require(try await bench.get("/nodes").json["items"]?.array)
            #expect(items.count == 1)
            #expect(items.first?["state"] == "live")
            #expect(items.first?["shares"] == 1024)
            #expect(items.first?["self"] == true)
            #expect(items.first?["aliveUntil"] == .null)
        }
    }

    @Test("Only one that is known is forgotten")
    func unknown() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(.delete, "/nodes/rack-9")
            #expect(answer.status == 404)
            #expect(answer.problem == "not-found")
        }
    }
}
