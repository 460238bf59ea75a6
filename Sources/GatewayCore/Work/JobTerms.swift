// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

/// What a job has beside its order and its meters.
public struct JobTerms: Sendable {
    /// 0 to 9, 9 goes first.
    public var priority: UInt8
    /// Who asks.
    public var caller: String
    /// Ties the job to the request.
    public var traceID: String?
    /// Makes a repeated request find the first one's job.
    public var idempotency: IdempotencyKey?
    /// Spreads the beginnings; nil lets all begin at once.
    public var spread: JobSpread?
    /// What has not begun by then never does; nil never expires.
    public var expiresAt: Timestamp?
    /// How often and when a failed execution is tried again; nil leaves it to the order.
    public var retry: JobRetry?

    /// Makes terms.
    public init(
        priority: UInt8 = 5,
        caller: String,
        traceID: String? = nil,
        idempotency: IdempotencyKey? = nil,
        spread: JobSpread? = nil,
        expiresAt: Timestamp? = nil,
        retry: JobRetry? = nil
    ) {
        self.priority = priority
        self.caller = caller
        self.traceID = traceID
        self.idempotency = idempotency
        self.spread = spread
        self.expiresAt = expiresAt
        self.retry = retry
    }
}

/// What became of asking for a job about a selection of meters.
public enum JobSubmission: Sendable {
    /// The job is stored, now or by the same request before.
    case stored(JobRecord)
    /// The selection has no meters, and no job was made.
    case noMeters
    /// Another gateway stores the same job at the moment.
    case underWay
}
