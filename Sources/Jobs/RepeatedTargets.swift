// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The targets of a final job that another one is to repeat, page by page.
struct RepeatedTargets {
    private static let pageSize = 2000

    let store: any JobStore
    let job: JobID
    /// Whether those are included that failed after a part of their work was done.
    let repeatsParts: Bool
    /// How far the pages are.
    private var place: Int?
    /// The last target that was given.
    private var given: String?

    init(store: any JobStore, job: JobID, repeatsParts: Bool) {
        self.store = store
        self.job = job
        self.repeatsParts = repeatsParts
    }

    /// The targets after one of them, none when there are no more; nil begins.
    mutating func page(after last: String?) async throws(JobStoreError) -> [String] {
        // Who takes up what another one began asks for what follows a target that was not given here.
        var passed = last == given ? nil : last
        if last != given { place = nil }
        while true {
            let executions = try await store.executions(
                of: job,
                in: [.failed, .expired, .cancelled],
                after: place,
                limit: Self.pageSize
            )
            guard let end = executions.last else { return [] }
            place = end.id.ordinal
            // A failed execution has a result when a part of it was done.
            var targets = executions.filter { repeatsParts || $0.state != .failed || $0.result == nil }.map(\.target)
            if let wanted = passed {
                guard let index = targets.firstIndex(of: wanted) else { continue }
                targets.removeFirst(index + 1)
                passed = nil
            }
            given = targets.last ?? last
            if !targets.isEmpty { return targets }
        }
    }
}
