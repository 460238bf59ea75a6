// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import SQLStore
import Testing
import Timekeeping

/// Two gateways on one PostgreSQL that change the same jobs.
@Suite(.enabled(if: TestServer.isThere, "no PostgreSQL: run the tests by Scripts/with-postgresql, as make unit does"))
struct JobLockOrderTests {
    @Test func `What has become due and what ends lock jobs in one order, so that neither is undone`() async throws {
        try await Backend.postgreSQL.runEmpty { open in
            let stores = try await Stores(database: open())
            let now = stores.clock.now()
            let first = try await stores.create(Stores.specification(), ["M-1", "M-2"])
            let second = try await stores.create(Stores.specification(), ["M-1", "M-2"])
            let claimed = try await stores.claim()
            func held(_ job: JobID, _ target: String) throws -> HeldExecution {
                try #require(
                    claimed.first { $0.job.id == job && $0.execution.target == target }?.execution.held
                )
            }
            // Of the first job something is due, of the second a lease has lapsed, which is looked at before.
            let pause = ExecutionChange.waiting(until: now + .seconds(30), problem, countsAsAttempt: true)
            _ = try await stores.jobs.settle(held(first, "M-2"), holder: "one", as: pause, now: now)
            let running = [try held(second, "M-1"), try held(first, "M-1")]
            let kept = try await stores.jobs.renew(Set(running), holder: "one", until: now + .seconds(600))
            #expect(kept.count == 2)
            stores.clock.advance(by: .seconds(61))
            let later = stores.clock.now()

            let one = HeldDatabase(try open()) { $0.contains("FROM jobs") && $0.contains("FOR UPDATE") }
            let other = HeldDatabase(try open()) { _ in false }
            async let advanced = SQLJobStore(database: one).advance(now: later)
            await one.awaitStandstill()
            let isOver = Protected(false)
            async let settled = {
                defer { isOver.change { $0 = true } }
                return try await SQLJobStore(database: other)
                    .settle(running.map { ExecutionSettlement($0, as: done) }, holder: "one", now: later)
            }()
            try await one.awaitLock(orEndOf: isOver)
            one.letGo()
            #expect(try await Set(advanced.map(\.id)) == [first, second])
            #expect(try await settled.compactMap { $0?.progress.succeeded } == [1, 1])
            #expect((one.transactions, other.transactions) == (1, 1))
        }
    }
}
