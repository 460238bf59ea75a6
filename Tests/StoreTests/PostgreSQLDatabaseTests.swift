// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Foundation
import Jobs
import PostgreSQLDriver
import SQLStore
import Testing
import Timekeeping

/// What only the driver of PostgreSQL does; what every driver does is in the other suites.
@Suite(.enabled(if: TestServer.isThere, "no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does"))
struct PostgreSQLDatabaseTests {
    private func withDatabase(_ test: @escaping (any SQLDatabase) async throws -> Void) async throws {
        try await Backend.postgreSQL.run { stores in try await test(stores.database) }
    }

    @Test func `Texts, names, comments and casts hold no parameters`() async throws {
        try await withDatabase { (database) async throws in
            let row = try await database.read { connection in
                try connection.query(
                    """
                    SELECT ':a' AS text, 'it''s :a' AS more, (:a::bigint + :a) AS sum, 7::text AS ":b" -- :c
                    /* :d */ WHERE :e = ':e'
                    """,
                    ["a": .integer(4), "e": .text(":e")]
                ).first
            }
            #expect(try row?.value("text") == .text(":a"))
            #expect(try row?.value("more") == .text("it's :a"))
            #expect(try row?.value("sum") == .integer(8))
            #expect(try row?.value(":b") == .text("7"))
        }
    }

    @Test func `A missing parameter is a fault of the statement`() async throws {
        try await withDatabase { (database) async throws in
            let error = await #expect(throws: SQLError.self) {
                try await database.read { try $0.query("SELECT :a AS a", [:]) }
            }
            guard case .badStatement = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `Two transactions that each depend on what the other changes do not both commit as they began`()
        async throws
    {
        try await withDatabase { (database) async throws in
            try await database.write { try $0.runScript("CREATE TABLE doctors (name TEXT PRIMARY KEY, calls BIGINT)") }
            try await database.write { try $0.runScript("INSERT INTO doctors VALUES ('a', 1), ('b', 1), ('c', 1)") }
            await withTaskGroup(of: Void.self) { group in
                for name in ["a", "b", "c"] {
                    group.addTask {
                        // Each leaves only while somebody else is there.
                        _ = try? await database.write { connection in
                            let there = try connection.query("SELECT count(*) AS n FROM doctors WHERE calls = 1", [:])
                            guard try there.first?.value("n") != .integer(1) else { return 0 }
                            return try connection.execute(
                                "UPDATE doctors SET calls = 0 WHERE name = :name",
                                ["name": .text(name)]
                            )
                        }
                    }
                }
            }
            let rows = try await database.read { try $0.query("SELECT name FROM doctors WHERE calls = 1", [:]) }
            #expect(rows.count == 1)
        }
    }

    @Test func `Many transactions on one row all happen`() async throws {
        try await withDatabase { (database) async throws in
            try await database.write { try $0.runScript("CREATE TABLE counts (number BIGINT)") }
            try await database.write { try $0.runScript("INSERT INTO counts VALUES (0)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await database.write { connection in
                            let number = try connection.query("SELECT number FROM counts", [:]).first?.value("number")
                            guard case .integer(let number) = number else { return }
                            try connection.execute("UPDATE counts SET number = :n", ["n": .integer(number + 1)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let row = try await database.read { try $0.query("SELECT number FROM counts", [:]).first }
            #expect(try row?.value("number") == .integer(100))
        }
    }

    @Test func `Whether a transaction was committed is unknown when its answer is lost; it does not run again`()
        async throws
    {
        try await withDatabase { (database) async throws in
            // The server ends the connection while it commits.
            try await database.write { connection in
                try connection.runScript(
                    """
                    CREATE TABLE numbers (n BIGINT);
                    CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS
                        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
                    CREATE CONSTRAINT TRIGGER leaves AFTER INSERT ON numbers DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION leave();
                    """
                )
            }
            let runs = Protected(0)
            let error = await #expect(throws: SQLError.self) {
                try await database.write { connection in
                    runs.change { $0 += 1 }
                    try connection.execute("INSERT INTO numbers (n) VALUES (1)", [:])
                }
            }
            guard case .unavailable(let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("unknown"))
            #expect(runs.value == 1)
            #expect(try await database.read { try $0.query("SELECT n FROM numbers", [:]) }.isEmpty)
        }
    }

    @Test func `Requests with one idempotency key at the same time make one job`() async throws {
        try await Backend.postgreSQL.run { stores in
            let now = stores.clock.now()
            let key = IdempotencyKey(key: "k", bodyDigest: "d", expiresAt: now + .seconds(60))
            let jobs = try await withThrowingTaskGroup(of: JobID.self) { group in
                for _ in 0..<50 {
                    let creation = stores.creation(key: key)
                    group.addTask { [jobs = stores.jobs] in try await jobs.create(creation).job.id }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(jobs.count == 1)
        }
    }

    @Test func `A statement prepared before the schema changed is prepared again`() async throws {
        try await withDatabase { (database) async throws in
            try await database.write { try $0.runScript("CREATE TABLE things (a BIGINT)") }
            #expect(try await database.read { try $0.query("SELECT * FROM things", [:]).count } == 0)
            try await database.write { try $0.runScript("ALTER TABLE things ADD COLUMN b BIGINT") }
            for _ in 0..<8 {
                #expect(try await database.read { try $0.query("SELECT * FROM things", [:]).count } == 0)
            }
        }
    }

    @Test func `Nothing that is told holds the password`() async throws {
        let server = try TestServer.shared()
        let marked = "postgres://gateway:MARKED-WORD@127.0.0.1:1/none"
        let wrong = try #require(server.url.range(of: ":[0-9a-f]{32}@", options: .regularExpression))
        for url in [marked, server.url.replacingCharacters(in: wrong, with: ":MARKED-WORD@")] {
            let address = try PostgreSQLAddress(url)
            var dumped = ""
            dump(address, to: &dumped)
            let database = PostgreSQLDatabase(PostgreSQLSettings(address: address))
            let error = await #expect(throws: SQLError.self) {
                try await database.read { try $0.query("SELECT 1 AS a", [:]) }
            }
            guard case .unavailable = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            for text in ["\(String(describing: error))", "\(address)", "\(String(reflecting: address))", dumped] {
                #expect(!text.contains("MARKED"))
                #expect(!text.contains("gateway:"))
            }
            try await database.close()
        }
        for url in [
            "postgres://user:MARKED@x@host/name", "postgres://user:MARKED/x@host/name", "mysql://user:MARKED@host/name",
            "postgres://user@host/name?nonsense=MARKED", "postgres://user:MARKED%ZZ@host/name",
        ] {
            let refusal = #expect(throws: PostgreSQLAddress.Refusal.self) { try PostgreSQLAddress(url) }
            #expect(refusal?.hint.contains("MARKED") == false)
        }
    }

    @Test func `A text with NUL is refused instead of being cut off`() async throws {
        try await withDatabase { (database) async throws in
            try await database.write { try $0.runScript("CREATE TABLE texts (a TEXT)") }
            var rows = SQLRows(columns: ["a"])
            rows.append([.text("a\u{0}b")])
            for conflict in [SQLConflict.fail, .ignore] {
                await #expect(throws: SQLError.self) {
                    try await database.write { [rows] in try $0.insert(rows, into: "texts", conflict: conflict) }
                }
            }
            await #expect(throws: SQLError.self) {
                try await database.write { try $0.execute("INSERT INTO texts VALUES (:a)", ["a": .text("a\u{0}b")]) }
            }
        }
    }
}
