// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing

@testable import GatewayAPI

@Suite("The open association", .timeLimit(.minutes(5)))
struct AssociationTests {
    @Test func `What was agreed is told while it is open, and ends when it is released`() async throws {
        try await APIBench.run { bench in
            let none = try await bench.get("/meters/M1/association")
            #expect((none.status, none.problem) == (404, "not-found"))
            #expect(try await bench.send(.delete, "/meters/M1/association").status == 204)
            #expect(try await bench.get("/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=PT0S").status == 200)
            let open = try await bench.get("/meters/M1/association")
            #expect(open.status == 200)
            #expect(open.json["association"]?.string == "reader")
            #expect(open.json["linkState"]?.string == "associated")
            #expect(open.json["openSince"]?.string != nil)
            #expect(open.json["conformance"]?.array?.contains(.string("get")) == true)
            #expect(try await bench.send(.delete, "/meters/M1/association").status == 204)
            // The word to the meter and its answer take a moment.
            while try await bench.get("/meters/M1/association").status == 200 { await Task.yield() }
            #expect(try await bench.get("/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=PT0S").status == 200)
            let status = try await bench.get("/meters/M1").json["status"]
            #expect(status?["connections"]?.number?.exactInt64 == 2)
        }
    }
}
