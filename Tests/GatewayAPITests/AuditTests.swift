// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import HTTPKit
import JSONText
import Testing

@testable import GatewayAPI
@testable import SQLStore

@Suite("What was changed, and by whom")
struct AuditTests {
    @Test func `Every operation that is not GET leaves a record before and after, but for those that change nothing`()
        async throws
    {
        try await APIBench.run { bench in
            var walked: Set<String> = []
            var left: Set<String> = []
            for route in bench.api.routeTable.routes where route.method != .get {
                walked.insert(route.name)
                var path = route.pattern.text
                for name in route.pattern.parameterNames { path = path.replacing("{\(name)}", with: "x") }
                let type = route.consumes.first ?? "application/json"
                let before = try await bench.store.auditHead().ordinal
                _ = try await bench.send(
                    route.method,
                    path,
                    "{}",
                    headers: ["Content-Type": type, "Accept": "*/*"]
                )
                let made = try await bench.store.auditHead().ordinal - before
                #expect(made == 0 || made == 2, "\(route.name)")
                if made == 0 { left.insert(route.name) }
            }
            #expect(left == GatewayAPI.unaudited.intersection(walked))
            let harmless: Set = [
                "decodeOctets", "readBatch", "checkMeter", "readOutMeter", "previewSchedule", "createEventTicket",
            ]
            #expect(left.isSubset(of: harmless))
        }
    }

    @Test func `A record tells who wanted what, what came of it, and the values before and after`() async throws {
        try await APIBench.run { bench in
            let written = try await bench.send(
                .put,
                "/meters/M1/objects/0.0.96.50.0.255/attributes/2",
                #"{"value":{"text":"hello"}}"#,
                headers: ["X-Request-Id": "trace-1"]
            )
            #expect(written.status == 200)
            let list = try await bench.get("/audit?meter=M1&action=putAttribute&limit=2")
            #expect(list.status == 200)
            let answered = try #require(list.json["items"]?[0])
            #expect(answered["stage"] == "answered")
            #expect(answered["outcome"] == "200")
            #expect(answered["caller"] == "anonymous")
            #expect(answered["traceId"] == "trace-1")
            #expect(answered["before"]?.string?.contains("00") == true)
            #expect(answered["after"]?.string?.contains("hello") == true)
            let asked = try #require(list.json["items"]?[1])
            #expect(asked["stage"] == "asked")
            #expect(asked["bodyHash"]?.string?.count == 64)
            #expect(asked["hash"] == answered["previous"])
            let job = try await bench.send(
                .post,
                "/jobs",
                #"{"kind":"read","target":{"meters":["M1"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}"#
            )
            let id = try #require(job.json["id"]?.string)
            #expect(try await bench.get("/audit?job=\(id)").json["items"]?[0]?["action"] == "createJob")
            #expect(try await bench.get("/audit?limit=1").json["next"]?.string?.contains("cursor=") == true)
        }
    }

    @Test func `No secret comes into a record`() async throws {
        try await APIBench.run { bench in
            let password = "MARKED-SECRET-1"
            let patch =
                #"{"associations":{"reader":{"authentication":{"mechanism":"low","secret":{"text":"\#(password)"}}}}}"#
            _ = try await bench.send(.patch, "/meters/M1", patch)
            _ = try await bench.send(
                .put,
                "/meters/M1/objects/0.0.40.0.0.255/attributes/7",
                #"{"value":{"text":"\#(password)"}}"#
            )
            #expect(!(try await bench.get("/audit").text.contains("MARKED")))
        }
    }

    @Test
    func `What was done is answered although its second record cannot be kept, which is kept before the next one`()
        async throws
    {
        try await APIBench.run { bench in
            @Sendable func rename(_ table: String, to other: String) async throws {
                try await bench.store.database.write(.serial) { connection in
                    try connection.runScript("ALTER TABLE \(table) RENAME TO \(other)")
                }
            }
            let table = RouteTable(
                bench.api.audited([
                    Route(.post, "/breaking", name: "breaking", access: .open) { _ in
                        try await rename("audit_records", to: "audit_elsewhere")
                        return .text("done")
                    },
                    Route(.post, "/next", name: "next", access: .open) { _ in .text("done") },
                ])
            )
            let breaking = await table.respond(to: HTTPRequest(method: .post, rawTarget: "/breaking"))
            #expect(breaking.status == 200)
            try await rename("audit_elsewhere", to: "audit_records")
            #expect(await table.respond(to: HTTPRequest(method: .post, rawTarget: "/next")).status == 200)
            let records = try await bench.get("/audit?limit=4").json["items"]?.array ?? []
            let trail = records.map { "\($0["action"]?.string ?? "") \($0["stage"]?.string ?? "")" }
            #expect(trail == ["next answered", "breaking answered", "next asked", "breaking asked"])
        }
    }

    @Test func `The chain is told to be sound up to its end, or up to the record that was changed`() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.delete, "/meters/none")
            let sound = try await bench.get("/audit/chain").json
            let count = try await bench.store.auditHead().ordinal
            #expect(count > 2)
            #expect(sound["checked"]?.number?.exactInt64 == count)
            #expect(sound["fault"] == .null)
            #expect(sound["next"] == .null)
            let head = try #require(sound["head"]?.string)
            #expect(try await bench.get("/audit/chain?cursor=\(head)").json["head"] == sound["head"])
            let zeros = String(repeating: "0", count: 64)
            for cursor in ["7", "%2B5:\(zeros)", "-1:\(zeros)", "\(Int64.max):\(zeros)"] {
                #expect(try await bench.get("/audit/chain?cursor=\(cursor)").status == 400)
            }
            let beyond = try await bench.get("/audit/chain?cursor=\(String(repeating: "9", count: 18)):\(zeros)")
            #expect(beyond.status == 200)
            #expect(beyond.json["fault"]?["ordinal"]?.number?.text == "1" + String(repeating: "0", count: 18))
            _ = try await bench.store.database.write { connection in
                try connection.execute("UPDATE audit_records SET content_hash = '00' WHERE ordinal = 2", [:])
            }
            let broken = try await bench.get("/audit/chain").json
            #expect(broken["checked"]?.number?.exactInt64 == 1)
            #expect(broken["fault"]?["ordinal"]?.number?.exactInt64 == 2)
        }
    }
}
