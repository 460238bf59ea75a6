// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A stored job.
public struct JobRecord: Hashable, Sendable {
    /// Its identifier.
    public var id: JobID
    /// What it is to do.
    public var specification: JobSpecification
    /// Where it stands.
    public var state: JobState
    /// How far it has come.
    public var progress: JobProgress
    /// Whether somebody asked to cancel it; what runs at that moment is finished.
    public var isCancelRequested: Bool
    /// Grows with every change of state or progress; lets a caller wait for the next one.
    public var version: Int64
    /// When it was made.
    public var createdAt: Timestamp
    /// When its first execution began.
    public var startedAt: Timestamp?
    /// When it reached its final state.
    public var finishedAt: Timestamp?

    /// Makes a record.
    public init(
        id: JobID,
        specification: JobSpecification,
        state: JobState,
        progress: JobProgress,
        isCancelRequested: Bool = false,
        version: Int64 = 1,
        createdAt: Timestamp,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.specification = specification
        self.state = state
        self.progress = progress
        self.isCancelRequested = isCancelRequested
        self.version = version
        self.createdAt = createdAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    /// Sets the state that follows from the progress when all executions are done, and the moment.
    ///
    /// Does nothing while some are not done or after the job is final.
    public mutating func finishIfDone(at now: Timestamp) {
        guard !state.isFinal, progress.done == progress.total else { return }
        finishedAt = now
        state =
            if progress.succeeded == progress.total {
                .succeeded
            } else if isCancelRequested, progress.cancelled > 0 {
                .cancelled
            } else if progress.succeeded > 0 {
                .partiallySucceeded
            } else if progress.expired > 0, progress.failed == 0, progress.unknown == 0 {
                .expired
            } else {
                .failed
            }
    }
}

/// How far a job has come, in executions.
public struct JobProgress: Hashable, Sendable {
    /// All of them.
    public var total: Int
    /// Those that will not be worked on any more.
    public var done: Int
    /// Those that succeeded.
    public var succeeded: Int
    /// Those that failed for good.
    public var failed: Int
    /// Those whose outcome is not known, whether or not it is still being resolved.
    public var unknown: Int
    /// Those cancelled before they began, or between two attempts of which none took effect.
    public var cancelled: Int
    /// Those whose time ran out before anything was sent.
    public var expired: Int
    /// Those being worked on.
    public var running: Int

    /// Makes the progress of a job of that many executions, by default untouched.
    public init(
        total: Int,
        done: Int = 0,
        succeeded: Int = 0,
        failed: Int = 0,
        unknown: Int = 0,
        cancelled: Int = 0,
        expired: Int = 0,
        running: Int = 0
    ) {
        self.total = total
        self.done = done
        self.succeeded = succeeded
        self.failed = failed
        self.unknown = unknown
        self.cancelled = cancelled
        self.expired = expired
        self.running = running
    }

    /// The seconds that remain if the rest goes as fast as what is done; nil while that is not known.
    public func remainingSeconds(since start: Timestamp, at now: Timestamp) -> Int64? {
        let elapsed = (now - start).wholeMicroseconds
        guard done > 0, done < total, elapsed > 0 else { return nil }
        return elapsed / Int64(done) * Int64(total - done) / 1_000_000
    }
}
