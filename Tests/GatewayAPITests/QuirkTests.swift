// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Foundation
import GatewayCore
import HTTPKit
import JSONText
import Testing
import Timekeeping

@testable import GatewayAPI

@Suite("Quirks")
struct QuirkTests {
    @Test func `A meter tells each option with its value and where it comes from`() async throws {
        try await APIBench.run { bench in
            let patched = try await bench.send(
                .patch,
                "/meters/M1",
                #"{"model":"kamstrup-omnia","quirks":{"withListMaximum":4}}"#
            )
            #expect(patched.status == 200)
            let answer = try await bench.get("/meters/M1/quirks")
            #expect(answer.status == 200)
            #expect(answer.json["modelKnown"]?.bool == true)
            let items = Self.items(answer)
            #expect(items.keys.sorted() == Quirk.all.map(\.name).sorted())
            #expect(items["withListMaximum"]?["value"]?.number?.exactInt64 == 4)
            #expect(items["withListMaximum"]?["origin"]?.string == "meter")
            #expect(items["callingSystemTitle"]?["value"]?.string == "always")
            #expect(items["callingSystemTitle"]?["origin"]?.string == "model")
            #expect(items["release"]?["origin"]?.string == "standard")
        }
    }

    @Test func `A misspelt option is refused and the right name told`() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(.patch, "/meters/M1", #"{"quirks":{"withListMaximun":4}}"#)
            #expect(answer.status == 422)
            #expect(answer.problem == "unknown-field")
            #expect(answer.text.contains("withListMaximum"))
            let kept = try await bench.get("/meters/M1")
            #expect(kept.json["quirks"]?.object?.names == [])
        }
    }

    @Test func `The list maximum of a meter limits its requests with a list`() async throws {
        try await APIBench.run { bench in
            let read =
                #"{"items":[{"object":"1.0.1.8.0.255","attribute":2},{"object":"0.0.96.50.0.255","attribute":2}]}"#
            #expect(try await bench.send(.post, "/meters/M1/read", read).status == 200)
            let together = bench.listener.counters.exchanges
            _ = try await bench.send(.patch, "/meters/M1", #"{"quirks":{"withListMaximum":1}}"#)
            #expect(try await bench.send(.post, "/meters/M1/read", read).status == 200)
            #expect(bench.listener.counters.exchanges - together > together)
        }
    }

    @Test func `What was learned is kept, shown and used until it is forgotten`() async throws {
        try await APIBench.run { bench in
            let meter = try #require(MeterID("M1"))
            let quirk = LearnedQuirk(name: "withListMaximum", value: .integer(1), learnedAt: bench.clock.now())
            try await bench.store.learn([quirk], about: meter)
            let shown = try await Self.items(bench.get("/meters/M1/quirks"))["withListMaximum"]
            #expect(shown?["value"] == 1)
            #expect(shown?["origin"] == "learned")
            #expect(shown?["learnedAt"]?.string == bench.clock.now().rfc3339)
            let read =
                #"{"items":[{"object":"1.0.1.8.0.255","attribute":2},{"object":"0.0.96.50.0.255","attribute":2}]}"#
            #expect(try await bench.send(.post, "/meters/M1/read", read).status == 200)
            let single = bench.listener.counters.exchanges
            #expect(try await bench.send(.delete, "/meters/M1/quirks").status == 204)
            let forgotten = try await Self.items(bench.get("/meters/M1/quirks"))["withListMaximum"]
            #expect(forgotten?["origin"] == "standard")
            #expect(try await bench.send(.post, "/meters/M1/read", read).status == 200)
            #expect(bench.listener.counters.exchanges - single < single)
        }
    }

    @Test func `A change of the configuration forgets what was learned`() async throws {
        try await APIBench.run { bench in
            let meter = try #require(MeterID("M1"))
            let quirk = LearnedQuirk(name: "release", value: .bool(false), learnedAt: bench.clock.now())
            try await bench.store.learn([quirk], about: meter)
            _ = try await bench.send(.patch, "/meters/M1", #"{"name":"Flat 13"}"#)
            #expect(try await bench.store.learnedQuirks(meter) == [])
        }
    }

    @Test func `Models are listed and unknown ones not found`() async throws {
        try await APIBench.run { bench in
            let list = try await bench.get("/models")
            let names = list.json["items"]?.array?.compactMap { $0["model"]?.string }
            #expect(names == MeterModelCatalog.standard.models.map(\.id))
            let model = try await bench.get("/models/gbcs/quirks")
            #expect(Self.items(model)["agreedKeyAlgorithm"]?["value"]?.string == "gbcs")
            #expect(try await bench.get("/models/no-such-model/quirks").problem == "not-found")
        }
    }

    @Test func `The contract lists the options that there are`() throws {
        let contract = String(decoding: Contract.openAPI, as: UTF8.self)
        let section = try #require(contract.components(separatedBy: "        quirks:\n").dropFirst().first)
        let lines = section.split(separator: "\n").drop { !$0.contains("properties:") }.dropFirst()
            .prefix { $0.hasPrefix("            ") }
        let names = lines.compactMap { $0.split(separator: ":").first?.trimmingCharacters(in: .whitespaces) }
        #expect(names == Quirk.all.map(\.name))
    }

    private static func items(_ answer: APIBench.Answer) -> [String: JSONValue] {
        let items = answer.json["items"]?.array ?? []
        return Dictionary(items.map { ($0["name"]?.string ?? "", $0) }, uniquingKeysWith: { first, _ in first })
    }
}
