// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// Records outcomes that come at the same time together: while one transaction is under way, the next ones gather.
///
/// Each is durable when its call returns. A transaction costs as much for fifty outcomes as for one, nearly.
actor SettlementDesk {
    private struct Waiting {
        let settlement: ExecutionSettlement
        let now: Timestamp
        let continuation: CheckedContinuation<Result<JobRecord, JobStoreError>, Never>
    }

    /// More outcomes than this are not recorded in one transaction.
    private static let most = 200

    private let store: any JobStore
    private let holder: String
    private var waiting: [Waiting] = []
    private var isWriting = false

    init(store: any JobStore, holder: String) {
        self.store = store
        self.holder = holder
    }

    /// Records an outcome; durable when this returns.
    ///
    /// - Throws: ``JobStoreError/leaseLost``, ``JobStoreError/unavailable(reason:)``.
    func settle(_ settlement: ExecutionSettlement, at now: Timestamp) async throws(JobStoreError) -> JobRecord {
        let result = await withCheckedContinuation { continuation in
            waiting.append(Waiting(settlement: settlement, now: now, continuation: continuation))
            if !isWriting {
                isWriting = true
                // Not bound to the one who came first: others depend on it.
                Task { await self.write() }
            }
        }
        return try result.get()
    }

    private func write() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(Self.most))
            waiting.removeFirst(batch.count)
            let now = batch.map(\.now).max() ?? Timestamp(microseconds: 0)
            do throws(JobStoreError) {
                let jobs = try await store.settle(batch.map(\.settlement), holder: holder, now: now)
                for (entry, job) in zip(batch, jobs) {
                    entry.continuation.resume(returning: job.map { .success($0) } ?? .failure(.leaseLost))
                }
            } catch {
                for entry in batch { entry.continuation.resume(returning: .failure(error)) }
            }
        }
        isWriting = false
    }
}
