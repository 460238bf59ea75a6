// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import PostgreSQLDriver
import SQLStore
import SQLiteDriver
import Timekeeping

/// Measures the stores: rows into a database by the bulk insert, and executions of jobs claimed and finished.
///
/// Usage: `StoreBenchmark rows fail|ignore URL COUNT BATCH` prints the seconds that inserting took, and
/// `StoreBenchmark jobs URL COUNT` the executions claimed, finished one by one, and finished fifty at a time, in a second.
@main
enum StoreBenchmark {
    struct Misuse: Error {}

    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "rows" where words.count == 5:
            guard let count = Int(words[3]), let batch = Int(words[4]) else { throw Misuse() }
            let database = try open(words[2])
            try await rows(count, batch, words[1] == "ignore" ? .ignore : .fail, into: database)
            try await database.close()
        case "jobs" where words.count == 3:
            guard let count = Int(words[2]) else { throw Misuse() }
            let database = try open(words[1])
            try await jobs(count, on: database)
            try await database.close()
        default: throw Misuse()
        }
    }

    private static func open(_ text: String) throws -> any SQLDatabase {
        let scheme = "sqlite://"
        guard text.hasPrefix(scheme) else {
            return PostgreSQLDatabase(PostgreSQLSettings(address: try PostgreSQLAddress(text)))
        }
        return try SQLiteDatabase(path: String(text.dropFirst(scheme.count)))
    }

    /// The same rows as `store/rows.h` makes: quarter-hours of one meter after the other.
    private static func rows(
        _ count: Int,
        _ batch: Int,
        _ conflict: SQLConflict,
        into database: any SQLDatabase
    ) async throws {
        let dialect = database.dialect
        try await database.write { connection in
            try connection.runScript(
                """
                CREATE TABLE samples (
                    meter_id \(dialect.keyText) NOT NULL, series BIGINT NOT NULL, at BIGINT NOT NULL, number BIGINT,
                    quality BIGINT NOT NULL, content TEXT, PRIMARY KEY (meter_id, series, at)
                ) \(dialect.keyOrderedTable)
                """
            )
        }
        let begin = ContinuousClock.now
        for first in stride(from: 0, to: count, by: batch) {
            var rows = SQLRows(
                columns: ["meter_id", "series", "at", "number", "quality", "content"],
                capacity: batch
            )
            for row in first..<min(first + batch, count) {
                let meter = String(1_000_000 + row / 1000)
                rows.append([
                    .text("METER-" + meter), .integer(1),
                    .integer(1_800_000_000_000_000 + Int64(row % 1000) * 900_000_000), .integer(Int64(row) * 7),
                    .integer(0),
                    .null,
                ])
            }
            _ = try await database.write { [rows] connection in
                try connection.insert(rows, into: "samples", conflict: conflict)
            }
        }
        print(seconds(since: begin))
    }

    /// Eight jobs, four workers that claim fifty executions at a time, finish half of them one by one and the rest fifty at a time.
    private static func jobs(_ count: Int, on database: any SQLDatabase) async throws {
        let start = Timestamp(seconds: 1_800_000_000)
        try await Migrator.migrate(database, now: start)
        let store = SQLJobStore(database: database)
        let identifiers = JobIDGenerator()
        for _ in 0..<8 {
            let specification = JobSpecification(
                kind: JobKind(rawValue: "read"),
                payload: Array("{}".utf8),
                createdBy: "benchmark"
            )
            let targets = (0..<(count / 8)).map { "M-\($0)" }
            _ = try await store.create(
                JobCreation(
                    id: identifiers.next(at: start),
                    specification: specification,
                    targets: targets,
                    now: start
                )
            )
        }
        let begin = ContinuousClock.now
        let claimed = try await byWorkers { holder in
            var all: [ClaimedExecution] = []
            while true {
                let batch = try await store.claim(
                    ExecutionClaim(holder: holder, limit: 50, now: start, leaseUntil: start + .seconds(60))
                )
                if batch.isEmpty { return all }
                all += batch
            }
        }
        let claiming = seconds(since: begin)
        let middle = ContinuousClock.now
        let change = ExecutionChange.succeeded(result: Array(#"{"value":1}"#.utf8))
        let single = try await byWorkers { holder in
            let mine = claimed.filter { $0.holder == holder }.map(\.execution)
            let half = Array(mine.prefix(mine.count / 2))
            for execution in half {
                _ = try await store.settle(execution.execution.held, holder: holder, as: change, now: start)
            }
            return half
        }
        let singly = seconds(since: middle)
        let last = ContinuousClock.now
        let together = try await byWorkers { holder in
            let mine = claimed.filter { $0.holder == holder }.map(\.execution)
            let rest = Array(mine.dropFirst(mine.count / 2))
            for place in stride(from: 0, to: rest.count, by: 50) {
                let outcomes = rest[place..<min(place + 50, rest.count)].map {
                    ExecutionSettlement($0.execution.held, as: change)
                }
                _ = try await store.settle(outcomes, holder: holder, now: start)
            }
            return rest
        }
        let rates = [
            Double(claimed.count) / claiming, Double(single.count) / singly,
            Double(together.count) / seconds(since: last),
        ]
        print(rates.map { "\(Int($0))" }.joined(separator: " "))
    }

    private static func byWorkers(
        _ work: @escaping @Sendable (_ holder: String) async throws -> [ClaimedExecution]
    ) async throws -> [(holder: String, execution: ClaimedExecution)] {
        try await withThrowingTaskGroup(of: (String, [ClaimedExecution]).self) { group in
            for number in 0..<4 {
                let holder = "worker-\(number)"
                group.addTask { (holder, try await work(holder)) }
            }
            return try await group.reduce(into: []) { all, part in all += part.1.map { (part.0, $0) } }
        }
    }

    private static func seconds(since begin: ContinuousClock.Instant) -> Double {
        let duration = ContinuousClock.now - begin
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
