// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The executions a runner works on at this moment.
actor RunningExecutions {
    private var contexts: [ExecutionID: ExecutionContext] = [:]
    private var lanes: [ExecutionID: String] = [:]
    private var laneCounts: [String: Int] = [:]
    private let ended = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// The lanes of which there are enough.
    var busyLanes: Set<String> {
        Set(laneCounts.lazy.filter { $0.value >= ExecutionClaim.mostOfLane }.map(\.key))
    }

    var count: Int { contexts.count }

    var ids: Set<ExecutionID> { Set(contexts.keys) }

    func add(_ execution: ExecutionRecord, _ context: ExecutionContext) {
        contexts[execution.id] = context
        guard let lane = execution.lane else { return }
        lanes[execution.id] = lane
        laneCounts[lane, default: 0] += 1
    }

    /// Returns when nothing runs, or when the task is cancelled; for one caller, at the end.
    func untilNone() async {
        var endings = ended.stream.makeAsyncIterator()
        while !contexts.isEmpty, await endings.next(isolation: self) != nil {}
    }

    func remove(_ id: ExecutionID) {
        contexts[id] = nil
        ended.continuation.yield()
        guard let lane = lanes.removeValue(forKey: id), let count = laneCounts[lane] else { return }
        laneCounts[lane] = count > 1 ? count - 1 : nil
    }

    func requestCancel(ofJob job: JobID) {
        for (id, context) in contexts where id.job == job { context.requestCancel() }
    }

    func requestCancel(of ids: Set<ExecutionID>) {
        for id in ids { contexts[id]?.requestCancel() }
    }
}
