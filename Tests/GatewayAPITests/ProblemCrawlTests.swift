// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Testing

@testable import GatewayAPI

@Suite("Problems, wherever they are met")
struct ProblemCrawlTests {
    /// The path of a route with something in place of its parameters.
    private func path(of route: Route) -> String {
        route.pattern.text.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            switch segment {
            case "{obis}", "{code}": "1.0.1.8.0.255"
            case "{n}", "{class}": "2"
            case let segment where segment.hasPrefix("{"): "nobody"
            default: String(segment)
            }
        }.joined(separator: "/")
    }

    /// Checks that an answer is a problem with all that belongs to one, and gives its type.
    private func type(of answer: APIBench.Answer, _ what: String) -> String? {
        #expect(answer.headers["Content-Type"] == "application/problem+json", "\(what)")
        #expect(answer.json["status"]?.number?.exactInt64 == Int64(answer.status), "\(what)")
        #expect(answer.json["title"]?.string?.isEmpty == false, "\(what)")
        #expect(answer.json["detail"]?.string?.isEmpty == false, "\(what)")
        #expect(answer.json["retryable"]?.bool != nil, "\(what)")
        #expect(answer.headers["X-Request-Id"] != nil, "\(what)")
        #expect(answer.json["traceId"]?.string == answer.headers["X-Request-Id"], "\(what)")
        return answer.json["type"]?.string
    }

    @Test("Every route answers what is wrong with a problem whose page is there")
    func crawl() async throws {
        try await APIBench.run { bench in
            var types: Set<String> = []
            for route in bench.api.routeTable.routes {
                let path = path(of: route)
                let what = "\(route.method.rawValue) \(route.pattern.text)"
                let misspelt = try await bench.send(route.method, path + "?zzz=1")
                #expect(misspelt.status == 400, "\(what)")
                types.insert(try #require(type(of: misspelt, what)))
                let foreign = try await bench.send(route.method, path, headers: ["Accept": "image/png"])
                #expect(foreign.status == 406, "\(what)")
                types.insert(try #require(type(of: foreign, what)))
                let unmethodical = try await bench.send(HTTPMethod(rawValue: "TRACE"), path)
                #expect(unmethodical.status == 405, "\(what)")
                #expect(unmethodical.headers["Allow"]?.contains(route.method.rawValue) == true, "\(what)")
                types.insert(try #require(type(of: unmethodical, what)))
                if route.consumes.contains("application/json") {
                    let malformed = try await bench.send(route.method, path, "{")
                    #expect((400...499).contains(malformed.status), "\(what)")
                    types.insert(try #require(type(of: malformed, what)))
                    let strange = try await bench.send(
                        route.method,
                        path,
                        "<a/>",
                        headers: ["Content-Type": "application/xml"]
                    )
                    #expect((400...499).contains(strange.status), "\(what)")
                    types.insert(try #require(type(of: strange, what)))
                }
                let options = try await bench.send(.options, path)
                #expect(options.status == 204, "\(what)")
                #expect(options.headers["Allow"]?.contains(route.method.rawValue) == true, "\(what)")
                if route.method == .get {
                    #expect(options.headers["Allow"]?.contains("HEAD") == true, "\(what)")
                    #expect(try await bench.send(.head, path + "?zzz=1").status == 400, "\(what)")
                }
            }
            types.insert(try #require(type(of: try await bench.get("/meter"), "an unknown path")))
            for type in types { #expect(try await bench.get(type).status == 200, "\(type)") }
        }
    }

    @Test("Each page says what happened, what the gateway did, what to do, and how to look closer")
    func pages() async throws {
        try await APIBench.run { bench in
            for kind in ProblemKind.all {
                let page = try await bench.get("/docs/problems/\(kind.name)")
                #expect(page.status == 200, "\(kind.name)")
                for heading in ["## Cause", "## What the gateway did", "## What to do"] {
                    #expect(page.text.contains(heading), "\(kind.name)")
                }
                #expect(page.text.contains("```sh"), "\(kind.name)")
            }
        }
    }

    @Test("The command lines of the pages ask for what the gateway has")
    func looks() async throws {
        try await APIBench.run { bench in
            for page in ProblemPage.all {
                let addresses = page.look.matches(of: /\$GATEWAY(\/[^"'?\s]*)/)
                #expect(!addresses.isEmpty, "\(page.name)")
                let method = page.look.firstMatch(of: /-X ([A-Z]+)/).map { String($0.1) } ?? "GET"
                var allowed: Set<String> = []
                for address in addresses {
                    let path = String(address.1).replacing("$OBIS", with: "1.0.1.8.0.255").replacing("$", with: "")
                    let options = try await bench.send(.options, path)
                    #expect(options.status == 204, "\(page.name): \(path)")
                    allowed.formUnion((options.headers["Allow"] ?? "").split(separator: ", ").map(String.init))
                }
                #expect(allowed.contains(method), "\(page.name): \(method)")
            }
        }
    }
}
