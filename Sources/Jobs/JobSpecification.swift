// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// What kind of work a job is; decides its handler.
public struct JobKind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word for it in the API, such as `profile-read`.
    public let rawValue: String

    /// Takes the word.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word.
    public var description: String { rawValue }
}

/// What a job is to do, apart from its targets.
public struct JobSpecification: Hashable, Sendable {
    /// The kind of work.
    public var kind: JobKind
    /// The work in the words of its handler, as JSON text; holds no secrets.
    public var payload: [UInt8]
    /// Who asked for it.
    public var createdBy: String
    /// From 0 to 9, the most urgent first; orders have 9.
    public var priority: UInt8
    /// How much of it may happen at once.
    public var limits: JobLimits
    /// How often and when a failed execution is tried again.
    public var retry: JobRetry
    /// Not to begin before; nil begins at once.
    public var startAt: Timestamp?
    /// What has not begun by then never does; nil never expires.
    public var expiresAt: Timestamp?
    /// Waits for a confirmation and expires without one at this moment; nil needs none.
    public var confirmBefore: Timestamp?
    /// Ties the job to the request that made it, in logs.
    public var traceID: String?
    /// What it has to pass before it sends something; nil for nothing but the rules of every job.
    public var gate: JobGate?
    /// How the targets were chosen, as JSON text, for those who look; nil where that would only repeat them.
    public var selection: [UInt8]?

    /// Makes a specification.
    public init(
        kind: JobKind,
        payload: [UInt8],
        createdBy: String,
        priority: UInt8 = 5,
        limits: JobLimits = JobLimits(),
        retry: JobRetry = JobRetry(),
        startAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil,
        confirmBefore: Timestamp? = nil,
        traceID: String? = nil,
        gate: JobGate? = nil,
        selection: [UInt8]? = nil
    ) {
        self.kind = kind
        self.payload = payload
        self.createdBy = createdBy
        self.priority = min(priority, 9)
        self.limits = limits
        self.retry = retry
        self.startAt = startAt
        self.expiresAt = expiresAt
        self.confirmBefore = confirmBefore
        self.traceID = traceID
        self.gate = gate
        self.selection = selection
    }

    /// The state a new job of this kind begins in.
    public func initialState(at now: Timestamp) -> JobState {
        if confirmBefore != nil { return .awaitingConfirmation }
        return stateWhenConfirmed(at: now)
    }

    /// The state of the job once nobody has to confirm it.
    public func stateWhenConfirmed(at now: Timestamp) -> JobState {
        startAt.map { $0 > now } == true ? .scheduled : .queued
    }
}

/// How much of a job may happen at once.
public struct JobLimits: Hashable, Sendable {
    /// How many executions may run at the same time; nil leaves it to the runner.
    public var concurrency: Int?
    /// How many executions may begin in a minute; nil does not limit them.
    public var ratePerMinute: Int?
    /// How long one execution may take; nil leaves it to the handler.
    public var perTargetTimeout: Duration?
    /// When so many fail that the rest is cancelled; nil never.
    public var abort: JobAbortRule?
    /// How many of the first targets have to succeed before the others begin; nil for none.
    ///
    /// One of them that fails cancels the rest.
    public var canary: Int?

    /// Makes limits, by default none.
    public init(
        concurrency: Int? = nil,
        ratePerMinute: Int? = nil,
        perTargetTimeout: Duration? = nil,
        abort: JobAbortRule? = nil,
        canary: Int? = nil
    ) {
        self.concurrency = concurrency
        self.ratePerMinute = ratePerMinute
        self.perTargetTimeout = perTargetTimeout
        self.abort = abort
        self.canary = canary
    }

    /// Whether the rest of a job that stands so is to be cancelled.
    ///
    /// - Parameter failedInRow: how many executions failed since the last one succeeded.
    public func abortsJob(at progress: JobProgress, failedInRow: Int) -> Bool {
        if abort?.applies(to: progress, failedInRow: failedInRow) == true { return true }
        return canary.map { progress.succeeded < $0 && progress.failed > 0 } ?? false
    }
}

/// Cancels the rest of a job when too many of its executions fail.
public struct JobAbortRule: Hashable, Sendable {
    /// The share of failures among what is done, from 1 to 100; nil counts only those one after the other.
    public var failurePercent: Int?
    /// How many must be done before the share counts.
    public var minExecuted: Int
    /// How many failures one after the other are too many, whatever the share; nil counts only the share.
    public var inRow: Int?

    /// Makes a rule.
    public init(failurePercent: Int? = nil, minExecuted: Int = 10, inRow: Int? = nil) {
        self.failurePercent = failurePercent
        self.minExecuted = minExecuted
        self.inRow = inRow
    }

    /// Whether the rule applies.
    public func applies(to progress: JobProgress, failedInRow: Int = 0) -> Bool {
        if let inRow, failedInRow >= inRow { return true }
        guard let failurePercent else { return false }
        let executed = progress.succeeded + progress.failed
        return executed >= max(minExecuted, 1) && progress.failed * 100 >= failurePercent * executed
    }
}

/// How often and when a failed execution is tried again.
public struct JobRetry: Hashable, Sendable {
    /// How many times beyond the first; 0 = never.
    public var max: Int
    /// The pause before the first repetition; each further one is twice as long.
    public var backoff: Duration
    /// The longest pause.
    public var maxBackoff: Duration
    /// For how long after the first attempt an unknown outcome is resolved by reading.
    public var resolveFor: Duration

    /// Makes a rule; by default two repetitions after 30 seconds and one minute, and a day for resolving.
    public init(
        max: Int = 2,
        backoff: Duration = .seconds(30),
        maxBackoff: Duration = .seconds(600),
        resolveFor: Duration = .seconds(86_400)
    ) {
        self.max = max
        self.backoff = backoff
        self.maxBackoff = maxBackoff
        self.resolveFor = resolveFor
    }

    /// The pause after that many attempts, at least 1.
    public func pause(afterAttempts attempts: Int) -> Duration {
        var pause = backoff
        var attempt = 1
        // Ends after a few rounds: the pause doubles, and one of zero stays zero.
        while attempts > attempt, pause != .zero, pause < maxBackoff {
            pause += pause
            attempt += 1
        }
        return Swift.min(pause, maxBackoff)
    }
}
