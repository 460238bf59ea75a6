// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs
import Synchronization
import Timekeeping

/// Makes events of what becomes of jobs.
final class JobNews: Sendable {
    private struct Known {
        var hasStarted = false
        var isFinished = false
        var progress: JobProgress?
        var toldAt: Timestamp?
    }

    /// Progress is told at most so often for each job.
    private static let pace = Duration.seconds(1)
    /// With more jobs than this, finished ones are forgotten.
    private static let mostKnown = 4096

    private let feed: EventFeed
    private let clock: any WallClock
    private let known = Mutex<[JobID: Known]>([:])

    init(feed: EventFeed, clock: any WallClock) {
        self.feed = feed
        self.clock = clock
    }

    /// Tells of what was done with jobs.
    func tell(_ notice: JobNotice) {
        switch notice {
        case .made(let job):
            var drafts = [draft(.jobCreated, job)]
            if job.state == .awaitingConfirmation { drafts.append(draft(.orderAwaitingConfirmation, job)) }
            feed.announce(drafts)
        case .changed(let jobs):
            let now = clock.now()
            let drafts = known.withLock { known in
                jobs.flatMap { job in types(of: job, now: now, in: &known).map { draft($0, job) } }
            }
            feed.announce(drafts)
        }
    }

    private func types(of job: JobRecord, now: Timestamp, in known: inout [JobID: Known]) -> [EventType] {
        var types: [EventType] = []
        var entry = known[job.id] ?? Known()
        guard !entry.isFinished else { return [] }
        if !entry.hasStarted, job.startedAt != nil {
            entry.hasStarted = true
            entry.progress = job.progress
            types.append(.jobStarted)
        }
        if job.state.isFinal {
            entry.isFinished = true
            types.append(.jobFinished)
        } else if job.progress.done > entry.progress?.done ?? 0, entry.toldAt.map({ now - $0 >= Self.pace }) ?? true {
            entry.progress = job.progress
            entry.toldAt = now
            types.append(.jobProgress)
        }
        if known.count >= Self.mostKnown { known = known.filter { !$0.value.isFinished } }
        if known.count >= 4 * Self.mostKnown { known = [:] }
        known[job.id] = entry
        return types
    }

    private func draft(_ type: EventType, _ job: JobRecord) -> EventFeed.Draft {
        var data = JSONObject()
        data["job"] = .string(job.id.text)
        data["kind"] = .string(job.specification.kind.rawValue)
        data["state"] = .string(job.state.rawValue)
        data["createdBy"] = .string(job.specification.createdBy)
        data["traceId"] = job.specification.traceID.map { .string($0) }
        var progress = JSONObject()
        progress["total"] = .integer(job.progress.total)
        progress["done"] = .integer(job.progress.done)
        progress["succeeded"] = .integer(job.progress.succeeded)
        progress["failed"] = .integer(job.progress.failed)
        progress["unknown"] = .integer(job.progress.unknown)
        data["progress"] = .object(progress)
        if type == .orderAwaitingConfirmation, let moment = job.specification.confirmBefore {
            data["confirmBefore"] = .string(moment.rfc3339)
        }
        return EventFeed.Draft(type, data: data)
    }
}

extension EventFeed {
    /// Tells what became of an order to switch supply at a meter; of anything else, and of what is tried again, nothing.
    func tell(_ outcome: ExecutionOutcome, of execution: ExecutionRecord, _ job: JobRecord) {
        guard job.specification.kind == .disconnect || job.specification.kind == .reconnect else { return }
        let type: EventType
        var data = JSONObject()
        data["job"] = .string(job.id.text)
        data["action"] = .string(job.specification.kind.rawValue)
        data["traceId"] = job.specification.traceID.map { .string($0) }
        switch outcome {
        case .succeeded(let result):
            type = .orderExecuted
            // Whether the switch stood so already, or was only looked at, so that nothing was sent.
            let document = try? JSONReader.parse(result)
            for name in ["noop", "dryRun", "customerActionNeeded"] { data[name] = document?[name] }
        case .failed(let problem), .failedInPart(let problem, _):
            type = .orderFailed
            data["problem"] = .string(problem.name)
        case .outcomeUnknown(let problem), .outcomeUnknownForGood(let problem):
            type = .orderUnknown
            data["problem"] = .string(problem.name)
        case .failedSafely, .postponed, .refused: return
        }
        announce([Draft(type, meter: MeterID(execution.target), data: data)])
    }
}
