// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Foundation
import Testing

@testable import GatewayAPI

@Suite("The web console")
struct ConsoleTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/CConsole/files")

    @Test("Browsers are sent to the console, programs get the links")
    func front() async throws {
        try await APIBench.run { bench in
            let browser = try await bench.get("/", headers: ["Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"])
            #expect(browser.status == 302)
            #expect(browser.headers["Location"] == "/console/")
            #expect(try await bench.get("/console").headers["Location"] == "/console/")
            #expect(try await bench.get("/").json["links"]?["console"] == "/console/")
        }
    }

    @Test("The page comes with a policy that lets nothing else in, and only once")
    func page() async throws {
        try await APIBench.run { bench in
            let page = try await bench.get("/console/")
            #expect(page.status == 200)
            #expect(page.headers["Content-Type"] == "text/html; charset=utf-8")
            #expect(page.headers["X-Content-Type-Options"] == "nosniff")
            let policy = try #require(page.headers["Content-Security-Policy"])
            #expect(policy.contains("default-src 'self'"))
            #expect(policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe"))
            let tag = try #require(page.headers["ETag"])
            #expect(try await bench.get("/console/", headers: ["If-None-Match": tag]).status == 304)
            #expect(try await bench.get("/console/app.js").headers["ETag"] != tag)
            #expect(try await bench.get("/console/elsewhere.js").status == 404)
        }
    }

    @Test("Every file of the console is built in, and browsers get it without what only its readers need")
    func files() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names) == Set(ConsoleFile.all.keys))
        for (name, file) in ConsoleFile.all {
            let source = Array(try Data(contentsOf: Self.folder.appending(path: name)))
            #expect(LeanText.of(source, type: file.type) == file.octets)
            #expect(!file.tag.opaque.isEmpty)
        }
    }

    @Test("The overview loads 84 kB at most, any page 128 kB with all its parts, and everything together is 186 kB")
    func weight() throws {
        func add(_ name: String, to loaded: inout Set<String>) throws {
            let file = try #require(ConsoleFile.all[name])
            guard loaded.insert(name).inserted else { return }
            let text = String(decoding: file.octets, as: UTF8.self)
            let imports = text.matches(of: /(?:from|import) ?\(?'\.\/([a-z]+\.js)'/)
            for match in imports { try add(String(match.1), to: &loaded) }
        }
        func size(_ names: Set<String>) -> Int { names.reduce(0) { $0 + (ConsoleFile.all[$1]?.octets.count ?? 0) } }
        var frame: Set = ["index.html", "console.css", "icon.svg"]
        try add("app.js", to: &frame)
        for name in ConsoleFile.all.keys where name.hasSuffix(".js") {
            var loaded = frame
            try add(name, to: &loaded)
            #expect(size(loaded) <= (name == "overview.js" ? 84_000 : 128_000), "\(name): \(size(loaded))")
        }
        #expect(size(Set(ConsoleFile.all.keys)) <= 186_000)
    }

    @Test("No file has a script, a style or an address in line")
    func nothingInLine() {
        for file in ConsoleFile.all.values {
            let text = String(decoding: file.octets, as: UTF8.self)
            #expect(text.firstMatch(of: /<style|style="|javascript:/) == nil, "\(file.name)")
            let addresses = text.matches(of: /https?:\/\/[a-z0-9.]+/).map { String($0.output) }
            #expect(addresses.allSatisfy { $0 == "http://www.w3.org" }, "\(file.name): \(addresses)")
        }
    }
}
