// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Jobs
public import Timekeeping

/// A job as somebody asks for it.
public struct JobRequest: Sendable {
    /// What to do with each meter.
    public var order: JobOrder
    /// Which meters; who they are is settled when the job is stored.
    public var targets: TargetSelection
    /// When and how much of it at once.
    public var terms: JobConditions
    /// Who asks.
    public var caller: String
    /// Ties the job to the request.
    public var traceID: String
    /// What the caller sent to make its request safe to repeat.
    public var idempotency: IdempotencyKey?

    /// Makes a wish.
    public init(
        _ order: JobOrder,
        targets: TargetSelection,
        terms: JobConditions = JobConditions(),
        caller: String,
        traceID: String,
        idempotency: IdempotencyKey? = nil
    ) {
        self.order = order
        self.targets = targets
        self.terms = terms
        self.caller = caller
        self.traceID = traceID
        self.idempotency = idempotency
    }
}

/// When a job is to be done, how urgent it is, and how much of it at once.
public struct JobConditions: Hashable, Sendable {
    /// 0 to 9, 9 goes first.
    public var priority: UInt8
    /// Not to begin before; nil begins at once.
    public var startAt: Timestamp?
    /// What has not begun by then never does.
    public var expiresAt: Timestamp?
    /// How much at once.
    public var limits: JobLimits
    /// How many times a meter is tried again beyond the first; nil leaves it, as the pauses, to the kind of job.
    public var retries: Int?
    /// The pause before the first repetition.
    public var backoff: Duration?
    /// The longest pause.
    public var maxBackoff: Duration?

    /// Makes terms, by default: at once, of usual urgency, without limits.
    public init(
        priority: UInt8 = 5,
        startAt: Timestamp? = nil,
        expiresAt: Timestamp? = nil,
        limits: JobLimits = JobLimits(),
        retries: Int? = nil,
        backoff: Duration? = nil,
        maxBackoff: Duration? = nil
    ) {
        self.priority = priority
        self.startAt = startAt
        self.expiresAt = expiresAt
        self.limits = limits
        self.retries = retries
        self.backoff = backoff
        self.maxBackoff = maxBackoff
    }
}
