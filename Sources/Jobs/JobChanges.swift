// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Hands each change of a job to those who wait for it.
actor JobChanges {
    private var listeners: [JobID: [Int: AsyncStream<JobRecord>.Continuation]] = [:]
    private var lastSubscription = 0

    /// Begins to listen to a job; only the newest change is kept for a slow listener.
    func subscribe(to id: JobID) -> (subscription: Int, stream: AsyncStream<JobRecord>) {
        let (stream, continuation) = AsyncStream.makeStream(of: JobRecord.self, bufferingPolicy: .bufferingNewest(1))
        lastSubscription += 1
        listeners[id, default: [:]][lastSubscription] = continuation
        return (lastSubscription, stream)
    }

    /// Stops to listen.
    func unsubscribe(_ subscription: Int, from id: JobID) {
        listeners[id]?.removeValue(forKey: subscription)?.finish()
        if listeners[id]?.isEmpty == true { listeners[id] = nil }
    }

    /// Hands out changes.
    func publish(_ jobs: [JobRecord]) {
        guard !listeners.isEmpty else { return }
        for job in jobs {
            for continuation in (listeners[job.id] ?? [:]).values { continuation.yield(job) }
        }
    }
}
