// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps jobs and their executions; what it returns from a write is durable, and each call is one transaction.
///
/// Moments are arguments, so that a store reads no clock.
public protocol JobStore: JobFilling {
    /// Stores a job with one execution per target, and its idempotency key if there is one.
    ///
    /// - Throws: ``JobStoreError/idempotencyKeyReused``, ``JobStoreError/idempotencyInFlight``,
    ///   ``JobStoreError/gateHeld``, ``JobStoreError/limitReached(until:)``, ``JobStoreError/unavailable(reason:)``.
    func create(_ creation: JobCreation) async throws(JobStoreError) -> JobCreationResult

    /// The job that a request with this key made before; nil when there is none.
    ///
    /// - Throws: ``JobStoreError/idempotencyKeyReused``.
    func job(madeWith key: IdempotencyKey, now: Timestamp) async throws(JobStoreError) -> JobRecord?

    /// Whether something behind a gate was sent to a target of which it is not known yet what came.
    func isInDoubt(_ target: String, behind gate: String) async throws(JobStoreError) -> Bool

    /// Looks whether a gate would let that many more executions be made now.
    ///
    /// - Throws: ``JobStoreError/gateHeld``, ``JobStoreError/limitReached(until:)``.
    func checkAdmission(of count: Int, to gate: JobGate, now: Timestamp) async throws(JobStoreError)

    /// The job; nil when there is none.
    func job(_ id: JobID) async throws(JobStoreError) -> JobRecord?

    /// Jobs that match, the newest first, older than the one given.
    func jobs(matching query: JobQuery, before: JobID?, limit: Int) async throws(JobStoreError) -> [JobRecord]

    /// Executions of a job in the order of its targets, after the place given.
    ///
    /// - Parameter states: only those in one of these states; nil for all.
    func executions(
        of job: JobID,
        in states: Set<ExecutionState>?,
        after ordinal: Int?,
        limit: Int
    ) async throws(JobStoreError) -> [ExecutionRecord]

    /// Hands out executions that may begin now, to one holder each, until the lease ends.
    ///
    /// More urgent jobs come first; jobs of equal urgency take turns, so that a large one does not hold up a small one.
    /// A job's own limits are kept. Of each lane at most ``ExecutionClaim/mostOfLane`` are out at a time, whichever jobs
    /// they are of, so that a slow line does not take all the places; what cannot begin does not hold up other jobs.
    /// Of a paused job only what may have been sent is handed out, to be resolved.
    func claim(_ claim: ExecutionClaim) async throws(JobStoreError) -> [ClaimedExecution]

    /// Prolongs leases and tells which executions are still the holder's and not of a cancelled job.
    ///
    /// A lease that has lapsed is prolonged, too, if nobody has taken it back.
    func renew(
        _ executions: Set<HeldExecution>,
        holder: String,
        until: Timestamp
    ) async throws(JobStoreError) -> Set<HeldExecution>

    /// Records durably that something which changes the target is about to be sent.
    ///
    /// The last gate before the target: refused when the job was cancelled or expired or the lease is gone, and for a
    /// job with a ``JobGate`` when that is held, its fuse is spent, or permission was given once before.
    ///
    /// - Parameter progress: kept in the same step as how far the execution is; nil leaves what was kept.
    /// - Returns: nil when it may be sent.
    func permitTransmission(
        _ execution: HeldExecution,
        holder: String,
        progress: [UInt8]?,
        now: Timestamp
    ) async throws(JobStoreError) -> TransmissionRefusal?

    /// Why nothing passes a gate at present; nil when it is open.
    func hold(of gate: String) async throws(JobStoreError) -> GateHold?

    /// Holds a gate, or with nil opens it again; jobs keep waiting and expire as usual meanwhile.
    func setHold(_ hold: GateHold?, of gate: String) async throws(JobStoreError)

    /// Keeps how far an execution is, for those who look; of one that the holder has no more, nothing.
    func report(_ progress: [UInt8], of execution: HeldExecution, holder: String) async throws(JobStoreError)

    /// Records what came out of an execution and gives it back, and with the last one finishes the job.
    ///
    /// - Throws: ``JobStoreError/leaseLost`` when the holder has it no more, or has been handed it again since; nothing is
    ///   recorded then.
    func settle(
        _ execution: HeldExecution,
        holder: String,
        as change: ExecutionChange,
        now: Timestamp
    ) async throws(JobStoreError) -> JobRecord

    /// Records several outcomes as ``settle(_:holder:as:now:)`` does, in one transaction.
    ///
    /// - Returns: the job after all of them for each, in the same order; nil for one that the holder has no more.
    func settle(
        _ outcomes: [ExecutionSettlement],
        holder: String,
        now: Timestamp
    ) async throws(JobStoreError) -> [JobRecord?]

    /// Changes the state of a job for an operator or caller.
    ///
    /// - Throws: ``JobStoreError/jobUnknown``, ``JobStoreError/wrongState(_:)``.
    func apply(_ command: JobCommand, to job: JobID, now: Timestamp) async throws(JobStoreError) -> JobRecord

    /// Does what has become due: begins scheduled jobs, ends pauses before repetitions, expires, and takes back lapsed
    /// leases.
    ///
    /// - Returns: the jobs that changed.
    func advance(now: Timestamp) async throws(JobStoreError) -> [JobRecord]

    /// Takes back all leases of a holder, which has just started and so works on nothing.
    ///
    /// What was not yet sent is queued again; what may have been sent becomes outcome-unknown.
    func recover(holder: String, now: Timestamp) async throws(JobStoreError) -> [JobRecord]

    /// The next moment at which ``advance(now:)`` has something to do or a limit lets more begin; nil if none is known.
    func nextMoment(after now: Timestamp) async throws(JobStoreError) -> Timestamp?

    /// Jobs that anybody who shares the store makes, steers or finishes, from now on; nil = some may have been missed.
    func changes() -> AsyncStream<JobID?>

    /// Removes jobs that were finished before the moment, at most so many, and lapsed idempotency keys; gives the
    /// number of jobs.
    func purge(finishedBefore: Timestamp, limit: Int, now: Timestamp) async throws(JobStoreError) -> Int
}

extension JobStore {
    /// Removes jobs that were finished before the moment, and lapsed idempotency keys; gives the number of jobs.
    public func purge(finishedBefore: Timestamp, now: Timestamp) async throws(JobStoreError) -> Int {
        try await purge(finishedBefore: finishedBefore, limit: .max, now: now)
    }

    /// Records durably that something which changes the target is about to be sent.
    ///
    /// - Returns: nil when it may be sent.
    public func permitTransmission(
        _ execution: HeldExecution,
        holder: String,
        now: Timestamp
    ) async throws(JobStoreError) -> TransmissionRefusal? {
        try await permitTransmission(execution, holder: holder, progress: nil, now: now)
    }
}

/// Why a job store did not do what was asked.
public enum JobStoreError: Error, Hashable, Sendable {
    /// There is no such job.
    case jobUnknown
    /// The job's state, which is given, does not allow the command.
    case wrongState(JobState)
    /// The idempotency key belongs to a request with another body, or to one that was carried out without a job.
    case idempotencyKeyReused
    /// A request with this idempotency key was stored in the same instant.
    case idempotencyInFlight
    /// The job's gate is held.
    case gateHeld
    /// The fuse of the job's gate is spent until then.
    case limitReached(until: Timestamp)
    /// The execution is held by another runner or by none.
    case leaseLost
    /// A job without targets would never end.
    case noTargets
    /// The database failed; `reason` is for the log.
    case unavailable(reason: String)
}

/// A job to be stored.
public struct JobCreation: Hashable, Sendable {
    /// Its identifier.
    public var id: JobID
    /// What it is to do.
    public var specification: JobSpecification
    /// What to do it on; at least one.
    public var targets: [String]
    /// Makes a repeated request find the first one's job.
    public var idempotency: IdempotencyKey?
    /// Spreads the beginnings; nil lets all begin at once.
    public var spread: JobSpread?
    /// The present moment.
    public var now: Timestamp

    /// Makes a creation.
    public init(
        id: JobID,
        specification: JobSpecification,
        targets: [String],
        idempotency: IdempotencyKey? = nil,
        spread: JobSpread? = nil,
        now: Timestamp
    ) {
        self.id = id
        self.specification = specification
        self.targets = targets
        self.idempotency = idempotency
        self.spread = spread
        self.now = now
    }
}

/// What a caller sent to make its request safe to repeat.
public struct IdempotencyKey: Hashable, Sendable {
    /// Caller, method, path and key as one text.
    public var key: String
    /// Distinguishes one body from another.
    public var bodyDigest: String
    /// Until when the key is remembered.
    public var expiresAt: Timestamp

    /// Makes a key.
    public init(key: String, bodyDigest: String, expiresAt: Timestamp) {
        self.key = key
        self.bodyDigest = bodyDigest
        self.expiresAt = expiresAt
    }
}

/// What a creation did.
public enum JobCreationResult: Hashable, Sendable {
    /// It stored the job.
    case created(JobRecord)
    /// The idempotency key belongs to this job, as it is now; nothing was stored.
    case replayed(JobRecord)

    /// The job, new or found.
    public var job: JobRecord {
        switch self {
        case .created(let job), .replayed(let job): job
        }
    }
}

/// Which jobs a list shows; conditions left out do not restrict.
public struct JobQuery: Hashable, Sendable {
    /// States, one of which the job must be in; empty for any.
    public var states: Set<JobState>
    /// The kind of work.
    public var kind: JobKind?
    /// A target that the job must have.
    public var target: String?
    /// Made at or after this moment.
    public var createdAfter: Timestamp?
    /// Made by this caller.
    public var createdBy: String?

    /// Makes a query, by default for all jobs.
    public init(
        states: Set<JobState> = [],
        kind: JobKind? = nil,
        target: String? = nil,
        createdAfter: Timestamp? = nil,
        createdBy: String? = nil
    ) {
        self.states = states
        self.kind = kind
        self.target = target
        self.createdAfter = createdAfter
        self.createdBy = createdBy
    }
}

/// A runner's wish for work.
public struct ExecutionClaim: Hashable, Sendable {
    /// Who will do it.
    public var holder: String
    /// How many at most.
    public var limit: Int
    /// The present moment.
    public var now: Timestamp
    /// When the lease ends unless it is renewed.
    public var leaseUntil: Timestamp
    /// Whether the work is divided into shares, of which the holder has some: then it gets only what belongs to these,
    /// and what belongs to none.
    public var onlyOwnShares: Bool

    /// How many executions of one lane are worked on at a time: one, and one that is ready when it is done.
    public static let mostOfLane = 2

    /// Makes a claim, by default of anything there is.
    public init(
        holder: String,
        limit: Int,
        now: Timestamp,
        leaseUntil: Timestamp,
        onlyOwnShares: Bool = false
    ) {
        self.holder = holder
        self.limit = limit
        self.now = now
        self.leaseUntil = leaseUntil
        self.onlyOwnShares = onlyOwnShares
    }
}

/// An execution handed out, with its job.
public struct ClaimedExecution: Hashable, Sendable {
    /// The job as it is after the claim.
    public let job: JobRecord
    /// The execution, running.
    public let execution: ExecutionRecord

    /// Makes a pair.
    public init(job: JobRecord, execution: ExecutionRecord) {
        self.job = job
        self.execution = execution
    }
}

/// Why nothing that changes the target may be sent.
public enum TransmissionRefusal: Error, Hashable, Sendable {
    /// The job was cancelled.
    case cancelled
    /// The job's time ran out.
    case expired
    /// The execution is no longer the holder's; nothing of it is recorded either.
    case leaseLost
    /// The job's gate is held; nothing was sent, and it may be tried again.
    case held
    /// As many as may were sent in this time; it may be tried again then.
    case limited(until: Timestamp)
    /// Permission was given before, so something may have been sent; only reading is left.
    case alreadySent
}

/// What becomes of an execution.
public enum ExecutionChange: Hashable, Sendable {
    /// It is done, with this JSON text.
    case succeeded(result: [UInt8])
    /// It failed for good.
    case failed(ExecutionProblem)
    /// It failed for good after a part of it was done, which this JSON text tells.
    case failedInPart(ExecutionProblem, result: [UInt8])
    /// Nothing took effect; it is tried again at the moment.
    case waiting(until: Timestamp, ExecutionProblem, countsAsAttempt: Bool)
    /// Whether it took effect is not known; it is resolved by reading at the moment, or with nil left unknown for good.
    case unknown(resolveAt: Timestamp?, ExecutionProblem)
    /// Cancelled; nothing took effect.
    case cancelled
    /// Its time ran out; nothing took effect.
    case expired
}

/// What came out of one execution, to be recorded.
public struct ExecutionSettlement: Hashable, Sendable {
    /// The execution, as it was handed out.
    public var execution: HeldExecution
    /// What becomes of it.
    public var change: ExecutionChange

    /// Makes a settlement.
    public init(_ execution: HeldExecution, as change: ExecutionChange) {
        self.execution = execution
        self.change = change
    }
}

/// What an operator or caller does to a job.
public enum JobCommand: String, CaseIterable, Hashable, Sendable {
    /// Lets a job begin that waits for confirmation.
    case confirm
    /// Ends a job that is not final; what runs is finished first.
    case cancel
    /// Lets nothing more of a job begin.
    case pause
    /// Ends a pause.
    case resume
}
