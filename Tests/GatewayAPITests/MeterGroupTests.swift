// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing

@Suite("Groups of meters")
struct MeterGroupTests {
    private static func members(_ bench: APIBench, _ path: String) async throws -> [String?] {
        try await bench.get(path).json["items"]?.array?.map { $0["meter"]?.string } ?? []
    }

    @Test("A listed group has the members it is given, until they are removed")
    func listed() async throws {
        try await APIBench.run { bench in
            for meter in ["M2", "M3"] {
                _ = try await bench.send(.put, "/meters/\(meter)", bench.configuration())
            }
            let made = try await bench.send(.post, "/groups", #"{"id":"g","name":"Feeder","meters":["M3","M1"]}"#)
            #expect(made.status == 201)
            #expect(made.headers["Location"] == "/groups/g")
            #expect(made.json["memberCount"] == 2)
            #expect(try await Self.members(bench, "/groups/g/members") == ["M1", "M3"])
            let first = try await bench.get("/groups/g/members?limit=1")
            let next = try #require(first.json["next"]?.string)
            #expect(try await Self.members(bench, next) == ["M3"])

            let again = try await bench.send(.post, "/groups", #"{"id":"g"}"#)
            #expect(again.problem == "already-exists")
            let changed = try await bench.send(.post, "/groups/g/members", #"{"add":["M2","M1"],"remove":["M3"]}"#)
            #expect(changed.status == 200)
            #expect(changed.headers["ETag"] != made.headers["ETag"])
            #expect(try await Self.members(bench, "/groups/g/members") == ["M1", "M2"])
            // A group without meters in the body keeps them; a removed meter leaves its groups.
            _ = try await bench.send(.put, "/groups/g", #"{"name":"Feeder 12"}"#)
            _ = try await bench.send(.delete, "/meters/M2")
            #expect(try await Self.members(bench, "/groups/g/members") == ["M1"])
            #expect(try await bench.send(.delete, "/groups/g").status == 204)
            #expect(try await bench.get("/groups/g").problem == "not-found")
        }
    }

    @Test("A group with a selector has the meters whose labels match")
    func selected() async throws {
        try await APIBench.run { bench in
            let made = try await bench.send(.put, "/groups/north", #"{"selector":"region=north"}"#)
            #expect(made.status == 201)
            #expect(made.json["memberCount"] == 1)
            #expect(try await Self.members(bench, "/groups/north/members") == ["M1"])
            _ = try await bench.send(.patch, "/meters/M1", #"{"labels":{"region":"south"}}"#)
            #expect(try await Self.members(bench, "/groups/north/members") == [])
            #expect(try await bench.send(.post, "/groups/north/members", #"{"add":["M1"]}"#).status == 422)
            #expect(try await bench.get("/groups").json["items"]?[0]?["selector"] == "region=north")
        }
    }

    @Test("Groups that cannot be are refused")
    func refusals() async throws {
        try await APIBench.run { bench in
            #expect(try await bench.send(.put, "/groups/g", #"{"meters":["M9"]}"#).problem == "meter-unknown")
            #expect(try await bench.get("/groups/g").problem == "not-found")
            for body in [
                #"{"meters":["M1"],"selector":"a=b"}"#, #"{"meters":["M1","M1"]}"#, #"{"selector":"="}"#,
                #"{"selector":""}"#,
            ] {
                #expect(try await bench.send(.put, "/groups/g", body).problem == "bad-parameter", "\(body)")
            }
            #expect(try await bench.send(.put, "/groups/g", #"{"meterz":[]}"#).json["suggestion"] == "meters")
            _ = try await bench.send(.put, "/groups/g", "{}")
            let stale = try await bench.send(.put, "/groups/g", "{}", headers: ["If-Match": "\"old\""])
            #expect(stale.problem == "etag-mismatch")
        }
    }
}
