// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Jobs
import Testing
import Timekeeping

@Suite struct JobRulesTests {
    @Test func pausesDoubleUpToTheLongest() {
        let retry = JobRetry(max: 9, backoff: .seconds(30), maxBackoff: .seconds(100))
        #expect((0...5).map { retry.pause(afterAttempts: $0) } == [30, 30, 60, 100, 100, 100].map { .seconds($0) })
        #expect(retry.pause(afterAttempts: .max) == .seconds(100))
        #expect(JobRetry(backoff: .zero).pause(afterAttempts: 5) == .zero)
    }

    @Test(arguments: [
        (JobProgress(total: 2, done: 2, succeeded: 2), false, JobState.succeeded),
        (JobProgress(total: 2, done: 2, succeeded: 1, failed: 1), false, .partiallySucceeded),
        (JobProgress(total: 2, done: 2, succeeded: 1, unknown: 1), false, .partiallySucceeded),
        (JobProgress(total: 2, done: 2, failed: 2), false, .failed),
        (JobProgress(total: 1, done: 1, unknown: 1), false, .failed),
        (JobProgress(total: 2, done: 2, expired: 2), false, .expired),
        (JobProgress(total: 2, done: 2, failed: 1, expired: 1), false, .failed),
        (JobProgress(total: 2, done: 2, succeeded: 1, cancelled: 1), true, .cancelled),
        (JobProgress(total: 2, done: 2, succeeded: 2), true, .succeeded),
        (JobProgress(total: 2, done: 2, failed: 1, cancelled: 1), false, .failed),
        (JobProgress(total: 2, done: 1, succeeded: 1), false, .running),
    ])
    func endsInTheStateOfItsExecutions(progress: JobProgress, isCancelRequested: Bool, expected: JobState) {
        let now = Timestamp(seconds: 0)
        let specification = JobSpecification(kind: JobKind(rawValue: "read"), payload: [], createdBy: "test")
        var job = JobRecord(
            id: JobIDGenerator().next(at: now),
            specification: specification,
            state: .running,
            progress: progress,
            isCancelRequested: isCancelRequested,
            createdAt: now
        )
        job.finishIfDone(at: now)
        #expect(job.state == expected)
        #expect((job.finishedAt != nil) == expected.isFinal)
    }

    @Test func remainingTimeGoesByWhatIsDone() {
        let start = Timestamp(seconds: 100)
        let progress = JobProgress(total: 420, done: 140)
        #expect(progress.remainingSeconds(since: start, at: Timestamp(seconds: 200)) == 199)
        #expect(JobProgress(total: 3).remainingSeconds(since: start, at: Timestamp(seconds: 200)) == nil)
        #expect(JobProgress(total: 3, done: 3).remainingSeconds(since: start, at: Timestamp(seconds: 200)) == nil)
    }

    @Test func prioritiesEndAtNine() {
        let specification = JobSpecification(
            kind: JobKind(rawValue: "read"),
            payload: [],
            createdBy: "test",
            priority: 200
        )
        #expect(specification.priority == 9)
    }
}
