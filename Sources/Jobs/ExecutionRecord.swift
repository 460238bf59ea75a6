// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Names one execution: a job and its place among the job's targets.
public struct ExecutionID: Hashable, Sendable {
    /// The job.
    public let job: JobID
    /// The place among the targets, from 0.
    public let ordinal: Int

    /// Makes an identifier.
    public init(job: JobID, ordinal: Int) {
        self.job = job
        self.ordinal = ordinal
    }
}

/// A stored execution: the work of a job on one target.
public struct ExecutionRecord: Hashable, Sendable {
    /// Its identifier.
    public var id: ExecutionID
    /// What it works on, in the words of the handler; for meters the meter's identifier.
    public var target: String
    /// Where it stands.
    public var state: ExecutionState
    /// How many times work on it began, apart from waits that do not count.
    public var attempts: Int
    /// Whether something that changes the target may have been sent; then the outcome is to be found by reading only.
    public var hasTransmitted: Bool
    /// When permission to send was first given; for a job with a gate it is given once.
    public var transmittedAt: Timestamp?
    /// When it may be worked on next, if it waits.
    public var dueAt: Timestamp?
    /// When work on it first began.
    public var startedAt: Timestamp?
    /// When it was done.
    public var finishedAt: Timestamp?
    /// What came out, as JSON text of the handler.
    public var result: [UInt8]?
    /// What went wrong last.
    public var problem: ExecutionProblem?
    /// How far it is, as JSON text of the handler; nil when the handler does not tell.
    public var progress: [UInt8]?
    /// What it shares with others of which only one can be worked on at a time, such as a line; nil if it has its own.
    public var lane: String?
    /// How many times it was handed out, waits that do not count as an attempt included.
    public var claims: Int

    /// Makes a record.
    public init(
        id: ExecutionID,
        target: String,
        state: ExecutionState = .queued,
        attempts: Int = 0,
        hasTransmitted: Bool = false,
        transmittedAt: Timestamp? = nil,
        dueAt: Timestamp? = nil,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil,
        result: [UInt8]? = nil,
        problem: ExecutionProblem? = nil,
        progress: [UInt8]? = nil,
        lane: String? = nil,
        claims: Int = 0
    ) {
        self.id = id
        self.target = target
        self.state = state
        self.attempts = attempts
        self.hasTransmitted = hasTransmitted
        self.transmittedAt = transmittedAt
        self.dueAt = dueAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.result = result
        self.problem = problem
        self.progress = progress
        self.lane = lane
        self.claims = claims
    }
}

/// What went wrong in an execution.
public struct ExecutionProblem: Hashable, Sendable {
    /// The name of the problem in kebab case.
    public var name: String
    /// The problem as JSON text, as callers are to see it; holds no secrets.
    public var document: [UInt8]

    /// Makes a problem.
    public init(name: String, document: [UInt8]) {
        self.name = name
        self.document = document
    }

    /// Makes a problem with a document of just name and detail, which must need no JSON escapes.
    init(name: StaticString, plainDetail: StaticString) {
        self.name = "\(name)"
        document = Array("{\"title\":\"\(name)\",\"detail\":\"\(plainDetail)\"}".utf8)
    }
}
