// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import SQLiteDriver
import Testing

@Suite struct SQLiteTenancyTests {
    @Test func `One gateway at a time has a file, and the other is told who`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            let tenancy = try SQLiteTenancy(of: path, as: "node a, process 7")
            let refusal = #expect(throws: SQLiteTenancy.Refusal.self) { try SQLiteTenancy(of: path, as: "node b") }
            #expect(refusal == .occupied(tenant: "node a, process 7"))
            #expect(refusal?.description == "is in use by another gateway (node a, process 7)")
            _ = try SQLiteTenancy(of: folder + "/other.sqlite", as: "node b")
            withExtendedLifetime(tenancy) {}
        }
    }

    @Test func `What a gateway leaves behind keeps nobody out`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            _ = try SQLiteTenancy(of: path, as: "node a, process 7, with a longer name")
            #expect(access(path + ".lock", F_OK) == 0)
            let next = try SQLiteTenancy(of: path, as: "node b")
            let refusal = #expect(throws: SQLiteTenancy.Refusal.self) { try SQLiteTenancy(of: path, as: "node c") }
            #expect(refusal == .occupied(tenant: "node b"))
            withExtendedLifetime(next) {}
        }
    }

    @Test func `A link leads to the same file`() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/store.sqlite"
            try SQLiteDatabase(path: path).close()
            try #require(symlink(path, folder + "/link.sqlite") == 0)
            let tenancy = try SQLiteTenancy(of: folder + "/link.sqlite", as: "node a")
            #expect(throws: SQLiteTenancy.Refusal.occupied(tenant: "node a")) {
                try SQLiteTenancy(of: path, as: "node b")
            }
            withExtendedLifetime(tenancy) {}
        }
    }

    @Test func `A folder that is not there is told`() throws {
        let refusal = #expect(throws: SQLiteTenancy.Refusal.self) {
            try SQLiteTenancy(of: "/nonexistent/store.sqlite", as: "node a")
        }
        #expect(refusal?.description.contains("No such file or directory") == true)
    }
}
