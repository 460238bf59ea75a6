// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Import of meters and channels")
struct ImportTests {
    private static func line(_ id: String, _ more: String = "") -> String {
        #"{"id":"\#(id)","labels":{"region":"west"},"channel":{"type":"tcp","host":"192.0.2.1","port":4059},"#
            + #""associations":{"reader":{"clientAddress":16,"authentication":{"mechanism":"none"}}}\#(more)}"#
    }

    private func send(
        _ bench: APIBench,
        _ query: String,
        _ body: String,
        type: String = "application/x-ndjson"
    ) async throws
        -> APIBench.Answer
    {
        try await bench.send(.post, "/meters/import\(query)", body, headers: ["Content-Type": type])
    }

    @Test("Each line is registered or has its problem, with the nearest name")
    func each() async throws {
        try await APIBench.run { bench in
            let body = [
                Self.line("A-1"), "", "{oops", Self.line("A-2", #","timeZnoe":"UTC""#), Self.line("M1"),
                Self.line("A-1"),
                Self.line("A-3"),
            ].joined(separator: "\n")
            let answer = try await send(bench, "", body)
            #expect(answer.status == 200)
            #expect(answer.json["created"] == 2)
            #expect(answer.json["failed"] == 4)
            let items = answer.json["items"]?.array ?? []
            #expect(items.map { $0["line"]?.number?.exactInt64 } == [1, 3, 4, 5, 6, 7])
            #expect(items[1]["problem"]?["type"] == "/docs/problems/malformed-json")
            #expect(String(decoding: items[2].octets, as: UTF8.self).contains("timeZone"))
            #expect(items[3]["problem"]?["type"] == "/docs/problems/already-exists")
            #expect(try await bench.get("/meters?label=region=west").json["items"]?.array?.count == 2)
        }
    }

    @Test("A job of thousands of meters is made by list, by group and by labels")
    func thousands() async throws {
        try await APIBench.run { bench in
            let ids = (0..<2500).map { "A-\($0)" }
            let imported = try await send(bench, "", ids.map { Self.line($0) }.joined(separator: "\n"))
            #expect(imported.json["created"] == 2500)
            let group = try await bench.send(.put, "/groups/west", #"{"selector":"region=west"}"#)
            #expect(group.status == 201)
            let list = "[\"" + ids.joined(separator: "\",\"") + "\"]"
            func job(_ target: String) async throws -> APIBench.Answer {
                try await bench.send(
                    .post,
                    "/jobs",
                    #"{"kind":"read","target":\#(target),"#
                        + #""items":[{"object":"1.0.1.8.0.255","attribute":2,"class":3}]}"#
                )
            }
            for target in [#"{"meters":\#(list)}"#, #"{"group":"west"}"#, #"{"selector":"region=west"}"#] {
                let made = try await job(target)
                #expect(made.status == 202)
                #expect(made.json["progress"]?["total"] == 2500)
            }
            let unknown = try await job(#"{"meters":["A-0","A-2500"]}"#)
            #expect(unknown.problem == "meter-unknown")
        }
    }

    @Test("All or nothing keeps nothing when one line cannot be registered")
    func allOrNothing() async throws {
        try await APIBench.run { bench in
            let body = Self.line("A-1") + "\n" + Self.line("A-2", #","model":7"#)
            let answer = try await send(bench, "?mode=all-or-nothing", body)
            #expect(answer.json["stored"] == false)
            #expect(answer.json["failed"] == 1)
            #expect(try await bench.get("/meters/A-1").status == 404)
            let conflict = try await send(bench, "?mode=all-or-nothing", Self.line("A-1") + "\n" + Self.line("M1"))
            #expect(conflict.json["stored"] == false)
            #expect(try await bench.get("/meters/A-1").status == 404)
            let good = try await send(bench, "?mode=all-or-nothing", Self.line("A-1") + "\n" + Self.line("A-2"))
            #expect(good.json["stored"] == true)
            #expect(try await bench.get("/meters/A-2").status == 200)
        }
    }

    @Test("A dry run tells and keeps nothing; what is there is replaced or skipped as asked")
    func conflicts() async throws {
        try await APIBench.run { bench in
            let dry = try await send(
                bench,
                "?dryRun=true&onConflict=replace",
                Self.line("M1") + "\n" + Self.line("A-1")
            )
            #expect(dry.json["replaced"] == 1)
            #expect(dry.json["created"] == 1)
            #expect(dry.json["stored"] == false)
            #expect(try await bench.get("/meters/A-1").status == 404)
            #expect(try await send(bench, "?onConflict=skip", Self.line("M1")).json["skipped"] == 1)
            #expect(try await bench.get("/meters/M1").json["name"] == "Flat 12")
            #expect(try await send(bench, "?onConflict=replace", Self.line("M1")).json["replaced"] == 1)
            #expect(try await bench.get("/meters/M1").json["labels"]?["region"] == "west")
        }
    }

    @Test("CSV names members by their paths; a line knows its number")
    func csv() async throws {
        try await APIBench.run { bench in
            let body = #"""
                id;name;labels.region;channel.host;channel.port;associations.reader.clientAddress;associations.reader.authentication.mechanism;associations.reader.authentication.secret.text
                C-1;"Flat; the ""first""";west;192.0.2.7;4059;32;low;12345678
                C-2;;;192.0.2.8;;16;none;
                C-3;;;192.0.2.9;many;16;none;
                """#
            let answer = try await send(bench, "", body, type: "text/csv")
            #expect(answer.json["created"] == 2)
            #expect(answer.json["items"]?[2]?["line"] == 4)
            #expect(answer.json["items"]?[2]?["result"] == "failed")
            let first = try await bench.get("/meters/C-1").json
            #expect(first["name"] == #"Flat; the "first""#)
            #expect(first["channel"]?["port"] == 4059)
            #expect(try await bench.get("/meters/C-2").json["associations"]?["reader"]?["clientAddress"] == 16)
        }
    }

    @Test("Channels are imported, and meters that name them; an unknown one is told with the nearest")
    func channels() async throws {
        try await APIBench.run { bench in
            let channels = try await bench.send(
                .post,
                "/channels/import",
                "id,type,host,port\r\nline-7,tcp,192.0.2.1,4059\r\nline-8,tcp,192.0.2.1,4060\r\n",
                headers: ["Content-Type": "text/csv"]
            )
            #expect(channels.json["created"] == 2)
            let meters = try await send(
                bench,
                "",
                """
                {"id":"S-1","channel":"line-7","associations":{"reader":{"clientAddress":16,"authentication":{"mechanism":"none"}}}}
                {"id":"S-2","channel":"lien-7","associations":{"reader":{"clientAddress":16,"authentication":{"mechanism":"none"}}}}
                """
            )
            #expect(meters.json["created"] == 1)
            #expect(meters.json["items"]?[1]?["problem"]?["suggestion"] == "line-7")
            #expect(try await bench.get("/channels/line-8").status == 200)
        }
    }

    @Test(
        "A body that is no sheet is refused as a whole",
        arguments: [
            ("", "application/x-ndjson"), ("name,host\na,b", "text/csv"), ("id,id\na,b", "text/csv"),
            (#"{"name":"no id"}"#, "application/x-ndjson"), ("hello", "application/x-ndjson"),
        ]
    )
    func refusals(body: String, type: String) async throws {
        try await APIBench.run { bench in
            let answer = try await send(bench, "", body, type: type)
            #expect(answer.status == 422)
        }
    }

    @Test("A header of more columns than any record has members is refused")
    func columns() async throws {
        try await APIBench.run { bench in
            let names = ["id"] + (1...200).map { "labels.c\($0)" }
            let wide = try await send(bench, "", names.joined(separator: ",") + "\nX-1,\n", type: "text/csv")
            #expect(wide.status == 422)
            #expect(wide.text.contains("200 columns"))
            let header = names.dropLast().joined(separator: ",")
            let cells = String(repeating: ",", count: 199)
            let narrower = try await send(bench, "", "\(header)\nX-1\(cells)\n", type: "text/csv")
            #expect(narrower.status == 200, "\(narrower.text)")
        }
    }
}
