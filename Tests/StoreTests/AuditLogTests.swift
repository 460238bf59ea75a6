// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import SQLStore
import Testing
import Timekeeping

@Suite("The audit log")
struct AuditLogTests {
    private static func entry(_ number: Int) -> AuditEntry {
        AuditEntry(
            at: Timestamp(microseconds: 1_800_000_000_000_000 + Int64(number)),
            caller: Caller(name: "anonymous", address: "192.0.2.\(number)"),
            action: "putMeter",
            stage: .asked,
            meter: number % 2 == 0 ? "M-\(number)" : nil,
            job: number % 3 == 0 ? "job-\(number)" : nil,
            traceID: "trace \"\(number)\"",
            before: "ž"
        )
    }

    private static func fault(in stores: Stores, expecting head: AuditHead? = nil) async throws -> AuditFault? {
        try await SQLAuditLog(database: stores.database).check(expecting: head).fault
    }

    @Test(arguments: Backend.allCases)
    func `Records follow on each other and are found by meter and job`(backend: Backend) async throws {
        try await backend.run { stores in
            #expect(try await stores.fleet.auditHead() == .beginning)
            for number in 1...7 { try await stores.fleet.append(Self.entry(number)) }
            let all = try await stores.fleet.auditRecords(matching: AuditQuery(), before: nil, limit: 3)
            #expect(all.map(\.ordinal) == [7, 6, 5])
            let older = try await stores.fleet.auditRecords(matching: AuditQuery(meter: "M-2"), before: 6, limit: 9)
            #expect(older.map(\.ordinal) == [2])
            let job = try await stores.fleet.auditRecords(matching: AuditQuery(job: "job-6"), before: nil, limit: 9)
            #expect(job.map(\.ordinal) == [6])
            #expect(try await stores.fleet.auditHead() == all[0].head)
            #expect(try await Self.fault(in: stores) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A chain is checked part by part`(backend: Backend) async throws {
        try await backend.run { stores in
            for number in 1...5 { try await stores.fleet.append(Self.entry(number)) }
            let first = try await stores.fleet.checkAudit(after: .beginning, limit: 3)
            #expect(first.head.ordinal == 3)
            #expect(!first.isComplete)
            let rest = try await stores.fleet.checkAudit(after: first.head, limit: 3)
            #expect(rest == AuditFinding(head: try await stores.fleet.auditHead(), fault: nil))
            let other = AuditHead(ordinal: 3, hash: AuditHead.beginning.hash)
            #expect(try await stores.fleet.checkAudit(after: other, limit: 3).fault?.ordinal == 4)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Many who append at once make one chain`(backend: Backend) async throws {
        try await backend.run { stores in
            let (fleet, count) = (stores.fleet, 60)
            let ordinals = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<count { group.addTask { try await fleet.append(Self.entry(number)).ordinal } }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect(ordinals == Set(1...Int64(count)))
            #expect(try await Self.fault(in: stores) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A change of any octet of a stored record is found and its record named`(backend: Backend) async throws {
        try await backend.run { stores in
            for number in 1...6 { try await stores.fleet.append(Self.entry(number)) }
            let columns = ["content", "content_hash", "action", "meter_id", "job_id"]
            let stored = try await stores.database.read { connection in
                try connection.query(
                    "SELECT \(columns.joined(separator: ", ")) FROM audit_records WHERE ordinal = 6",
                    [:]
                )
            }[0]
            for column in columns {
                guard case .text(let text) = try stored.value(column) else {
                    throw SQLError.unavailable(reason: column)
                }
                let octets = Array(text.utf8)
                for place in octets.indices {
                    var changed = octets
                    changed[place] ^= 1
                    guard let damaged = String(validating: changed, as: UTF8.self) else { continue }
                    try await Self.put(damaged, into: column, stores)
                    #expect(try await Self.fault(in: stores)?.ordinal == 6, "\(column) \(place)")
                }
                try await Self.put(text, into: column, stores)
            }
            #expect(try await Self.fault(in: stores) == nil)
        }
    }

    private static func put(_ text: String, into column: String, _ stores: Stores) async throws {
        _ = try await stores.database.write { connection in
            try connection.execute(
                "UPDATE audit_records SET \(column) = :text WHERE ordinal = 6",
                ["text": .text(text)]
            )
        }
    }

    @Test(arguments: Backend.allCases)
    func `Records that are removed, moved or cut off are missed`(backend: Backend) async throws {
        try await backend.run { stores in
            for number in 1...6 { try await stores.fleet.append(Self.entry(number)) }
            let head = try await stores.fleet.auditHead()
            func after(_ statements: String...) async throws -> AuditFault? {
                let log = SQLAuditLog(database: stores.database)
                try await stores.database.write { connection in
                    for statement in statements { try connection.execute(statement, [:]) }
                }
                return try await log.check(expecting: head).fault
            }
            #expect(try await after("DELETE FROM audit_records WHERE ordinal = 6")?.ordinal == 6)
            // Whoever sets back the head, too, is found by a head that was kept elsewhere.
            let fifth = try await stores.fleet.auditRecords(matching: AuditQuery(), before: nil, limit: 1)[0]
            let setBack = "UPDATE audit_head SET last_ordinal = 5, last_hash = '\(fifth.hash)'"
            #expect(try await after(setBack)?.ordinal == 6)
            #expect(try await Self.fault(in: stores) == nil)
            #expect(try await after("UPDATE audit_head SET last_ordinal = 4")?.ordinal == 5)
            #expect(try await after(setBack, "DELETE FROM audit_records WHERE ordinal = 3")?.ordinal == 3)
            let moved = "UPDATE audit_records SET ordinal = ordinal - 1 WHERE ordinal > 3"
            #expect(try await after(moved)?.ordinal == 3)
        }
    }

    @Test func `A change of any octet of an export is found`() async throws {
        try await Backend.sqliteInMemory.run { stores in
            for number in 1...3 { try await stores.fleet.append(Self.entry(number)) }
            let records = try await stores.fleet.auditRecords(matching: AuditQuery(), before: nil, limit: 9).reversed()
            var export: [UInt8] = []
            for record in records { export += record.line + [0x0A] }
            let head = try await stores.fleet.auditHead()
            export += AuditChain.lastLine(after: head) + [0x0A]
            #expect(Self.isSound(export))
            for place in export.indices {
                for bit in [UInt8(1), 0x20, 0x80] {
                    var changed = export
                    changed[place] ^= bit
                    #expect(!Self.isSound(changed), "octet \(place)")
                }
            }
            for length in export.indices { #expect(!Self.isSound(Array(export[..<length])), "cut at \(length)") }
        }
    }

    private static func isSound(_ export: [UInt8]) -> Bool {
        var chain = AuditChain()
        guard export.last == 0x0A else { return false }
        do throws(AuditFault) {
            for line in export.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
                try chain.add(line: Array(line))
            }
            try chain.finishExport()
            return true
        } catch {
            return false
        }
    }
}
