// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Parts of object lists over HTTP")
struct ObjectSelectionRouteTests {
    private static let list = "/meters/M1/objects/0.0.40.0.0.255/attributes/2?association=manager"

    private static func run(_ body: (APIBench) async throws -> Void) async throws {
        try await APIBench.run(serving: KeyMeter(suite: .suite0).begin) { try await body($0) }
    }

    @Test func `Objects are selected by class and by name`() async throws {
        try await Self.run { bench in
            let all = try #require(try await bench.get(Self.list).json["value"]?.array)
            let registers = try await bench.get(Self.list + "&classes=3,8")
            let some = try #require(registers.json["value"]?.array, "\(registers.text)")
            #expect((2..<all.count).contains(some.count))
            let named = try await bench.get(Self.list + "&objects=3/1.0.1.8.0.255,8/0.0.1.0.0.255")
            let two = try #require(named.json["value"]?.array, "\(named.text)")
            #expect(two.map { $0["logical_name"] } == ["1.0.1.8.0.255", "0.0.1.0.0.255"])
            #expect(two[0]["access_rights"] != nil)
            // The part is not taken for the whole afterwards.
            #expect(try await bench.get(Self.list).json["value"]?.array?.count == all.count)
        }
    }

    @Test(arguments: [
        ("classes=x", 400), ("classes=", 400), ("classes=+3", 400), ("classes=97215", 422), ("objects=3", 422),
        ("objects=3/x", 422),
        ("classes=3&objects=3/1.0.1.8.0.255", 422),
    ])
    func `Words that select nothing are refused`(words: String, status: Int) async throws {
        try await Self.run { bench in
            let answer = try await bench.get(Self.list + "&" + words)
            #expect(answer.status == status)
            #expect(answer.problem == "bad-parameter", "\(answer.text)")
        }
    }
}
