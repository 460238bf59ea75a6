// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import SQLStore
import Testing

@Suite struct BulkInsertTests {
    private static let columns = ["meter", "moment", "reading", "note"]

    private func withTable(_ backend: Backend, _ test: @escaping (any SQLDatabase) async throws -> Void) async throws {
        try await backend.run { stores in
            try await stores.database.write { connection in
                try connection.runScript(
                    """
                    CREATE TABLE samples (
                        meter TEXT NOT NULL, moment BIGINT NOT NULL CHECK (moment >= 0), reading DOUBLE PRECISION,
                        note TEXT, PRIMARY KEY (meter, moment))
                    """
                )
            }
            try await test(stores.database)
        }
    }

    private func rows(_ moments: some Sequence<Int>, reading: Double = 1.5, note: String? = "x") -> SQLRows {
        var rows = SQLRows(columns: Self.columns)
        for moment in moments {
            rows.append([.text("M-1"), .integer(Int64(moment)), .real(reading), .text(optional: note)])
        }
        return rows
    }

    private func insert(
        _ rows: SQLRows,
        _ conflict: SQLConflict,
        on database: any SQLDatabase
    ) async throws -> Int {
        try await database.write { try $0.insert(rows, into: "samples", conflict: conflict) }
    }

    private func count(_ database: any SQLDatabase, where condition: String = "moment >= 0") async throws -> SQLValue? {
        let sql = "SELECT count(*) AS number FROM samples WHERE \(condition)"
        return try await database.read { try $0.query(sql, [:]).first?.value("number") }
    }

    @Test(arguments: Backend.allCases)
    func `Values come back as they were inserted`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            let texts: [String?] = [nil, "", "\t\n\r\\", "\\N", "\\.", "{a,\"b\"}", "NULL", "Ωł\u{1F50C}", "'; --"]
            var rows = SQLRows(columns: Self.columns)
            for (moment, text) in texts.enumerated() {
                rows.append([
                    .text("M\t\(moment)"), .integer(Int64(moment)), moment == 1 ? .null : .real(Double(moment) / 3),
                    .text(optional: text),
                ])
            }
            for conflict in [SQLConflict.fail, .ignore] {
                _ = try await database.write { try $0.execute("DELETE FROM samples", [:]) }
                #expect(try await insert(rows, conflict, on: database) == texts.count)
                let found = try await database.read {
                    try $0.query("SELECT meter, moment, reading, note FROM samples ORDER BY moment", [:])
                }
                let values = try found.flatMap { row in try Self.columns.map { try row.value($0) } }
                #expect(values == rows.values)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `Either all rows are inserted or none`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            #expect(try await insert(rows([3]), .fail, on: database) == 1)
            for moments in [[1, 2, 3, 4], [5, 5]] {
                let error = await #expect(throws: SQLError.self) {
                    try await insert(rows(moments), .fail, on: database)
                }
                guard case .constraint = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            #expect(try await count(database) == .integer(1))
        }
    }

    @Test(arguments: Backend.allCases)
    func `Rows that are there already are passed over and not counted`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            #expect(try await insert(rows(0..<10, note: "first"), .ignore, on: database) == 10)
            #expect(try await insert(rows([5, 10, 10, 11], note: "second"), .ignore, on: database) == 2)
            #expect(try await count(database, where: "note = 'first'") == .integer(10))
            // Passing over is about the key; every other rule still holds.
            await #expect(throws: SQLError.self) { try await insert(rows([20, -1]), .ignore, on: database) }
            #expect(try await count(database) == .integer(12))
        }
    }

    @Test(arguments: Backend.allCases)
    func `A greater row takes the place of the one there`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            let newer = SQLConflict.replace(key: ["meter", "moment"], ifGreater: "reading")
            let always = SQLConflict.replace(key: ["meter", "moment"], ifGreater: nil)
            #expect(try await insert(rows(0..<3, reading: 2, note: "a"), newer, on: database) == 3)
            #expect(try await insert(rows(0..<2, reading: 2, note: "b"), newer, on: database) == 0)
            #expect(try await insert(rows(1..<5, reading: 3, note: "c"), newer, on: database) == 4)
            #expect(try await count(database, where: "note = 'a'") == .integer(1))
            #expect(try await insert(rows([1], reading: 1, note: "d"), always, on: database) == 1)
            #expect(try await count(database, where: "note = 'd'") == .integer(1))
        }
    }

    @Test(arguments: Backend.allCases)
    func `Batches of any size are inserted, several in one transaction`(backend: Backend) async throws {
        try await withTable(backend) { (database) async throws in
            let batches = [rows([]), rows(0..<1), rows(1..<300), rows(300..<20_300)]
            let written = try await database.write { connection in
                try batches.map { try connection.insert($0, into: "samples", conflict: .ignore) }
                    + batches.map { try connection.insert($0, into: "samples", conflict: .ignore) }
            }
            #expect(written == [0, 1, 299, 20_000, 0, 0, 0, 0])
            #expect(try await insert(rows(30_000..<50_000), .fail, on: database) == 20_000)
            #expect(try await count(database) == .integer(40_300))
        }
    }
}
