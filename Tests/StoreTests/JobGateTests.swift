// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs
import SQLStore
import Testing
import Timekeeping

@Suite("Gates of jobs")
struct JobGateTests {
    private static func gated(_ limit: Int? = nil, kind: String = "disconnect") -> JobSpecification {
        var specification = Stores.specification()
        specification.kind = JobKind(rawValue: kind)
        specification.limits = JobLimits()
        specification.gate = JobGate(
            name: JobGate.orders,
            fuse: limit.map { JobFuse(limit: $0, window: .seconds(3600)) }
        )
        return specification
    }

    private static func permit(_ claimed: ClaimedExecution, _ stores: Stores) async throws -> TransmissionRefusal? {
        try await stores.jobs.permitTransmission(claimed.execution.held, holder: "one", now: stores.clock.now())
    }

    @Test(arguments: Backend.allCases)
    func `Permission is given once, also when a handler says that nothing was sent`(backend: Backend) async throws {
        try await backend.run { stores in
            _ = try await stores.create(Self.gated(), ["M-1"])
            let first = try await stores.claim()[0]
            #expect(try await Self.permit(first, stores) == nil)
            #expect(try await Self.permit(first, stores) == .alreadySent)
            let problem = ExecutionProblem(name: "x", document: Array("{}".utf8))
            let moment = stores.clock.now()
            _ = try await stores.jobs.settle(
                first.execution.held,
                holder: "one",
                as: .waiting(until: moment, problem, countsAsAttempt: true),
                now: moment
            )
            _ = try await stores.jobs.advance(now: moment)
            let second = try await stores.claim()[0]
            #expect(second.execution.id == first.execution.id)
            #expect(second.execution.transmittedAt == moment)
            #expect(try await Self.permit(second, stores) == .alreadySent)
        }
    }

    @Test(arguments: Backend.allCases)
    func `What ends before it began is closed in the audit log, of jobs with a gate only`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            func closings() async throws -> [String] {
                try await stores.fleet.auditRecords(matching: AuditQuery(), before: nil, limit: 9).reversed().map {
                    let content = try JSONReader.parse($0.content)
                    return ["stage", "action", "caller", "meter", "outcome"].compactMap { content[$0]?.string }
                        .joined(separator: " ")
                }
            }
            let cancelled = try await stores.create(Self.gated(), ["M-1", "M-2"])
            let running = try await stores.claim(1)[0]
            _ = try await stores.jobs.apply(.cancel, to: cancelled, now: stores.clock.now())
            #expect(try await closings() == ["settled disconnect key:test M-2 cancelled"])
            // What runs is closed by who runs it; what comes back from a lease that lapsed is not run again.
            stores.clock.advance(by: .seconds(61))
            _ = try await stores.jobs.advance(now: stores.clock.now())
            #expect(try await closings().last == "settled disconnect key:test M-1 cancelled")
            #expect(running.execution.target == "M-1")
            var late = Self.gated(kind: "reconnect")
            late.expiresAt = stores.clock.now() + .seconds(60)
            var free = Stores.specification()
            free.expiresAt = late.expiresAt
            _ = try await stores.create(late, ["M-3"])
            _ = try await stores.create(free, ["M-4"])
            stores.clock.advance(by: .seconds(61))
            for _ in 0..<2 { _ = try await stores.jobs.advance(now: stores.clock.now()) }
            #expect(try await closings().count == 3)
            #expect(try await closings().last == "settled reconnect key:test M-3 expired")
            #expect(try await SQLAuditLog(database: stores.database).check().fault == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `A hold keeps jobs from being made and sent, until it ends`(backend: Backend) async throws {
        try await backend.run { stores in
            _ = try await stores.create(Self.gated(), ["M-1"])
            let claimed = try await stores.claim()[0]
            let hold = GateHold(by: "ops", since: stores.clock.now(), reason: "storm")
            try await stores.jobs.setHold(hold, of: JobGate.orders)
            #expect(try await stores.jobs.hold(of: JobGate.orders) == hold)
            #expect(try await Self.permit(claimed, stores) == .held)
            await #expect(throws: JobStoreError.gateHeld) { try await stores.create(Self.gated(), ["M-2"]) }
            try await stores.jobs.setHold(nil, of: JobGate.orders)
            #expect(try await Self.permit(claimed, stores) == nil)
        }
    }

    @Test(arguments: Backend.allCases)
    func `The fuse counts what was sent and what waits, and only jobs that have one`(backend: Backend) async throws {
        try await backend.run { stores in
            _ = try await stores.create(Self.gated(kind: "reconnect"), ["R-1", "R-2", "R-3"])
            _ = try await stores.create(Self.gated(3), ["M-1", "M-2"])
            await #expect(throws: JobStoreError.self) { try await stores.create(Self.gated(3), ["M-3", "M-4"]) }
            _ = try await stores.create(Self.gated(3), ["M-3"])
            for claimed in try await stores.claim() { #expect(try await Self.permit(claimed, stores) == nil) }
            let end = stores.clock.now() + .seconds(3600)
            await #expect(throws: JobStoreError.limitReached(until: end)) {
                try await stores.create(Self.gated(3), ["M-4"])
            }
            stores.clock.advance(by: .seconds(3601))
            _ = try await stores.create(Self.gated(3), ["M-4"])
        }
    }

    @Test(arguments: Backend.allCases)
    func `What was made under a higher limit is counted again when it is sent`(backend: Backend) async throws {
        try await backend.run { stores in
            _ = try await stores.create(Self.gated(1), ["M-1"])
            _ = try await stores.create(Self.gated(2), ["M-2"])
            let claimed = try await stores.claim().sorted { $0.execution.target > $1.execution.target }
            #expect(try await Self.permit(claimed[0], stores) == nil)
            let end = stores.clock.now() + .seconds(3600)
            #expect(try await Self.permit(claimed[1], stores) == .limited(until: end))
        }
    }

    @Test(arguments: Backend.allCases)
    func `Of many who make orders at once no more than the fuse allows succeed`(backend: Backend) async throws {
        try await backend.run { stores in
            let made = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        do {
                            _ = try await stores.create(Self.gated(7), ["M-\(number)"])
                            return true
                        } catch JobStoreError.limitReached {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(made == 7)
        }
    }

    @Test(arguments: Backend.allCases)
    func `Failures one after the other end a job; a success between them starts the count anew`(
        backend: Backend
    ) async throws {
        try await backend.run { stores in
            var specification = Self.gated()
            specification.limits = JobLimits(abort: JobAbortRule(failurePercent: 100, minExecuted: 1000, inRow: 2))
            let job = try await stores.create(specification, (1...6).map { "M-\($0)" })
            let failed = ExecutionChange.failed(ExecutionProblem(name: "x", document: Array("{}".utf8)))
            let changes = [failed, .succeeded(result: Array("{}".utf8)), failed, failed]
            for change in changes {
                let claimed = try await stores.claim(1)[0]
                _ = try await stores.settle(claimed, change)
            }
            let ended = try await stores.job(job)
            #expect(ended.progress.failed == 3)
            #expect(ended.progress.cancelled == 2)
            #expect(ended.state == .partiallySucceeded)
        }
    }
}
