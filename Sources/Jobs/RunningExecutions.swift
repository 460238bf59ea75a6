// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// The executions a runner works on at this moment.
actor RunningExecutions {
    private var contexts: [HeldExecution: ExecutionContext] = [:]
    private let ended = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// When all leases were prolonged last.
    private(set) var renewedAt: Timestamp

    init(at now: Timestamp) {
        renewedAt = now
    }

    var count: Int { contexts.count }

    var held: Set<HeldExecution> { Set(contexts.keys) }

    func add(_ execution: HeldExecution, _ context: ExecutionContext) {
        contexts[execution] = context
    }

    /// Returns when nothing runs, or when the task is cancelled; for one caller, at the end.
    func untilNone() async {
        var endings = ended.stream.makeAsyncIterator()
        while !contexts.isEmpty, await endings.next(isolation: self) != nil {}
    }

    func remove(_ execution: HeldExecution) {
        contexts[execution] = nil
        ended.continuation.yield()
    }

    func requestCancel(ofJob job: JobID) {
        for (execution, context) in contexts where execution.id.job == job { context.requestCancel() }
    }

    /// Notes that leases were prolonged, and has those stop that were lost.
    func noteRenewal(at now: Timestamp, lost: Set<HeldExecution>) {
        renewedAt = now
        for execution in lost { contexts[execution]?.requestCancel() }
    }
}
