// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Foundation
import PostgreSQLDriver
import Subprocess
import Testing

/// The PostgreSQL server that `Scripts/with-postgresql` has started for the tests.
struct TestServer {
    /// Tests that use the server at the same time, so that its connections suffice.
    private static let places = Places(4)

    let url: String
    private let control: String

    /// Whether there is a server.
    static var isThere: Bool { ProcessInfo.processInfo.environment["COSEM_GATEWAY_TEST_POSTGRESQL"] != nil }

    /// The server; without one the test is skipped.
    static func shared() throws -> TestServer {
        let environment = ProcessInfo.processInfo.environment
        guard let url = environment["COSEM_GATEWAY_TEST_POSTGRESQL"],
            let control = environment["COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL"]
        else { try Test.cancel("no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does") }
        return TestServer(url: url, control: control)
    }

    /// Runs a test on an empty database of its own.
    func withDatabase(_ test: (PostgreSQLSettings) async throws -> Void) async throws {
        await Self.places.take()
        defer { Task { await Self.places.give() } }
        let name = "t" + UUID().uuidString.lowercased().filter { $0 != "-" }
        try await command("create", name)
        let base = try #require(url.lastIndex(of: "/"))
        let address = try PostgreSQLAddress(url[...base] + name)
        try await test(PostgreSQLSettings(address: address, connections: 4))
        try await command("drop", name)
    }

    private func command(_ words: String...) async throws {
        try await Self.command(control, words)
    }

    /// Has something done to a server or its databases.
    static func command(_ control: String, _ words: [String]) async throws {
        let process = try await Subprocess.run(
            .path(.init(control)),
            arguments: Arguments(words),
            output: .discarded
        )
        #expect(process.terminationStatus.isSuccess, "\(words)")
    }
}

/// A number of places that tasks take in turn.
private actor Places {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) {
        free = count
    }

    func take() async {
        guard free == 0 else {
            free -= 1
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func give() {
        guard !waiting.isEmpty else {
            free += 1
            return
        }
        waiting.removeFirst().resume()
    }
}
