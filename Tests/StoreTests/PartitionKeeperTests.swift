// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import Testing
import Timekeeping

@Suite struct PartitionKeeperTests {
    private static let table = DividedTable(
        name: "samples",
        key: ["meter", "series"],
        moment: "taken_at",
        daysPerPartition: 10
    )
    private let day = Duration.seconds(86_400)
    private let now = Timestamp(seconds: 1_800_000_000)

    private func withTable(_ backend: Backend, _ test: @escaping (any SQLDatabase) async throws -> Void) async throws {
        try await backend.run { stores in
            let dialect = stores.database.dialect
            try await stores.database.write { connection in
                try connection.runScript(
                    dialect.adapting(
                        """
                        CREATE TABLE samples (
                            meter {key_text} NOT NULL, series BIGINT NOT NULL, taken_at BIGINT NOT NULL,
                            reading {real} CHECK (reading >= 0), PRIMARY KEY (meter, series, taken_at)
                        ) {key_ordered} {partitioned_by:taken_at};
                        {rest_partition:samples}
                        """
                    )
                )
            }
            try await test(stores.database)
        }
    }

    /// One row a day for three series.
    private func insert(_ ages: ClosedRange<Int>, on database: any SQLDatabase) async throws {
        var rows = SQLRows(columns: ["meter", "series", "taken_at", "reading"])
        for age in ages {
            for (meter, series) in [("A", 1), ("A", 2), ("B", 1)] {
                rows.append([.text(meter), .integer(Int64(series)), .moment(now - day * age), .real(1)])
            }
        }
        _ = try await database.write { [rows] in try $0.insert(rows, into: "samples", conflict: .fail) }
    }

    private func count(_ database: any SQLDatabase, in table: String = "samples") async throws -> SQLValue? {
        try await database.read { try $0.query("SELECT count(*) AS number FROM \(table)", [:]).first?.value("number") }
    }

    @Test(arguments: Backend.allCases)
    func `Rows are kept until they are too old`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            let keeper = PartitionKeeper(database: database, table: Self.table)
            try await insert(-3000 ... -3000, on: database)
            try await insert(-5...400, on: database)
            let first = try await keeper.keep(now: now, retention: day * 100)
            #expect(try await count(database) == .integer(Int64(3 * 107)))
            #expect(first.deleted == 3 * 300)
            let again = try await keeper.keep(now: now, retention: day * 100)
            #expect(again == PartitionKeeper.Work())
            let later = try await keeper.keep(now: now + day * 150, retention: day * 100)
            #expect(try await count(database) == .integer(3))
            #expect(later.dropped > 0 || database.dialect == .sqlite)
            try await insert(-200 ... -100, on: database)
            #expect(try await count(database) == .integer(3 * 102))
            _ = try await keeper.keep(now: now + day * 150, retention: nil)
            #expect(try await count(database) == .integer(3 * 102))
        }
    }

    @Test(arguments: Backend.allCases)
    func `Nothing is lost while gateways make partitions and store rows`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            let keepers = (0..<3).map { _ in PartitionKeeper(database: database, table: Self.table) }
            try await withThrowingTaskGroup(of: Int.self) { group in
                for keeper in keepers { group.addTask { try await keeper.keep(now: now, retention: nil).made } }
                group.addTask {
                    for age in 0..<40 { try await insert(age...age, on: database) }
                    return 0
                }
                let made = try await group.reduce(0, +)
                #expect(made == (database.dialect == .sqlite ? 0 : 5))
            }
            #expect(try await count(database) == .integer(120))
        }
    }

    @Test func `What the rest held moves to its partition`() async throws {
        try await withTable(.postgreSQL) { (database) async throws in
            try await insert(0...3, on: database)
            #expect(try await count(database, in: "samples_rest") == .integer(12))
            try await PartitionKeeper(database: database, table: Self.table).keep(now: now, retention: nil)
            #expect(try await count(database, in: "samples_rest") == .integer(0))
            #expect(try await count(database) == .integer(12))
        }
    }
}
