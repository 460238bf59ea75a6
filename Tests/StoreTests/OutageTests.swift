// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Foundation
import PostgreSQLDriver
import SQLStore
import Subprocess
import Testing
import Timekeeping

/// What happens to those at work when the server goes away and comes back.
@Suite(.enabled(if: TestServer.isThere, "no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does"))
struct OutageTests {
    /// What a writer saw.
    private enum Event: Hashable {
        case stored(writer: Int)
        case refused(writer: Int)
    }

    private static let writers = 4

    /// Writes numbers one after the other, each until it is known to be stored; tells how each attempt ended.
    private static func write(
        _ writer: Int,
        to database: any SQLDatabase,
        known: Protected<Set<Int>>,
        until isOver: Protected<Bool>,
        _ events: AsyncStream<Event>.Continuation
    ) async {
        var number = writer
        while !isOver.value {
            do {
                _ = try await database.write { [number] connection in
                    try connection.execute(
                        "INSERT INTO numbers (n) VALUES (:n) ON CONFLICT DO NOTHING",
                        ["n": .integer(Int64(number))]
                    )
                }
                known.change { $0.insert(number) }
                events.yield(.stored(writer: writer))
                number += writers
            } catch SQLError.unavailable {
                events.yield(.refused(writer: writer))
            } catch {
                Issue.record(error)
                return
            }
        }
    }

    @Test(arguments: ["stop", "crash"])
    func `What was stored stays, callers are told, and the work goes on`(way: String) async throws {
        try await OwnServer.run { server in
            let database = PostgreSQLDatabase(
                PostgreSQLSettings(address: try PostgreSQLAddress(server.url), connections: 3)
            )
            let stores = try await Stores(database: database)
            _ = try await stores.fleet.putMeter(id("M-1"), meter(), when: .ifAbsent)
            try await database.write { try $0.runScript("CREATE TABLE numbers (n BIGINT PRIMARY KEY)") }
            var notifications = database.notifications(on: "work").makeAsyncIterator()
            #expect(await notifications.next() == .lookAgain)

            let known = Protected<Set<Int>>([])
            let isOver = Protected(false)
            let (stream, events) = AsyncStream.makeStream(of: Event.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<Self.writers {
                    group.addTask { await Self.write(writer, to: database, known: known, until: isOver, events) }
                }
                var seen = stream.makeAsyncIterator()
                func eachWriter(_ isWanted: (Event) -> Bool) async {
                    var writers: Set<Int> = []
                    while writers.count < Self.writers, let event = await seen.next() {
                        guard isWanted(event) else { continue }
                        switch event {
                        case .stored(let writer), .refused(let writer): writers.insert(writer)
                        }
                    }
                }
                await eachWriter { if case .stored = $0 { true } else { false } }
                try await server.control(way)
                await eachWriter { if case .refused = $0 { true } else { false } }
                let refusal = await #expect(throws: StoreError.self) { try await stores.fleet.meter(id("M-1")) }
                guard case .unavailable = refusal else {
                    Issue.record("\(String(describing: refusal))")
                    return
                }
                try await server.control("start")
                await eachWriter { if case .stored = $0 { true } else { false } }
                isOver.change { $0 = true }
                try await group.waitForAll()
            }
            #expect(await notifications.next() == .lookAgain)
            try await database.write { try $0.notify("work", "after") }
            #expect(await notifications.next() == .message("after"))
            let stored = try await database.read { connection in
                try connection.query("SELECT n FROM numbers", [:]).map { row in
                    if case .integer(let number) = try row.value("n") { Int(number) } else { -1 }
                }
            }
            #expect(known.value.subtracting(stored).isEmpty)
            #expect(try await stores.fleet.meter(id("M-1")) != nil)
            try await database.close()
        }
    }
}

/// A server that a test may stop, because nobody else uses it.
private struct OwnServer {
    let url: String
    private let controlPath: String

    private struct NotStarted: Error {}

    /// Runs a test beside a server of its own, which ends with the end of its command's input.
    static func run(_ test: (OwnServer) async throws -> Void) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let tell = "echo $COSEM_GATEWAY_TEST_POSTGRESQL; echo $COSEM_GATEWAY_TEST_POSTGRESQL_CONTROL; exec cat"
        let ended = try await Subprocess.run(
            .path(.init(root.appendingPathComponent("Scripts/with-postgresql").path)),
            arguments: ["sh", "-c", tell],
            input: .inputWriter,
            output: .sequence,
            error: .discarded
        ) { process in
            var lines = process.standardOutput.strings().makeAsyncIterator()
            guard let url = try await lines.next(), let control = try await lines.next() else { throw NotStarted() }
            do {
                try await test(OwnServer(url: url, controlPath: control))
            } catch {
                try await process.standardInputWriter.finish()
                throw error
            }
            try await process.standardInputWriter.finish()
        }
        #expect(ended.terminationStatus.isSuccess)
    }

    func control(_ word: String) async throws {
        try await TestServer.command(controlPath, [word])
    }
}
