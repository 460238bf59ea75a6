// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization
public import Timekeeping

/// The way to the jobs for everybody but the runner: makes, shows, steers and waits for them.
///
/// Every change goes through here, so that waiting callers and the runner hear of it at once.
public final class JobQueue: Sendable {
    /// What the runner hears from the queue.
    enum Signal: Sendable {
        case workAdded
        case cancelled(JobID)
    }

    /// A function of its own type: a lock around the bare function would wrap it once more at each look.
    private struct Listening {
        var observer: (@Sendable (JobNotice) -> Void)?
    }

    let store: any JobStore
    let clock: any WallClock
    /// For the one runner of this process.
    let signals: AsyncStream<Signal>
    private let signal: AsyncStream<Signal>.Continuation
    private let changes = JobChanges()
    private let identifiers = JobIDGenerator()
    private let listening = Mutex(Listening())
    /// Whether others change jobs too, not all of whose steps are told here.
    private let isShared = Atomic<Bool>(false)
    /// How long a waiting caller goes without a look at a job that others may change.
    private static let lookAgain = Duration.seconds(2)

    /// Makes a queue over a store.
    public init(store: any JobStore, clock: any WallClock = SystemWallClock()) {
        self.store = store
        self.clock = clock
        // A signal lost in the crowd only delays: the runner also looks by itself from time to time.
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    /// Stores a job with its targets; it is durable when this returns.
    ///
    /// - Throws: ``JobStoreError/noTargets``, ``JobStoreError/idempotencyKeyReused``,
    ///   ``JobStoreError/unavailable(reason:)``.
    public func submit(
        _ specification: JobSpecification,
        targets: [String],
        idempotency: IdempotencyKey? = nil
    ) async throws(JobStoreError) -> JobCreationResult {
        guard !targets.isEmpty else { throw .noTargets }
        let now = clock.now()
        let creation = JobCreation(
            id: identifiers.next(at: now),
            specification: specification,
            targets: targets,
            idempotency: idempotency,
            now: now
        )
        let result = try await store.create(creation)
        told(of: result)
        return result
    }

    /// Tells of a job that was stored whole.
    private func told(of result: JobCreationResult) {
        guard case .created(let job) = result else { return }
        // Told first, so that its end is not told before.
        notify(.made(job))
        signal.yield(.workAdded)
    }

    /// Has an observer told of everything that this process does with jobs.
    ///
    /// It must be quick, and there is only one.
    public func observe(_ observer: @escaping @Sendable (JobNotice) -> Void) {
        listening.withLock { $0.observer = observer }
    }

    private func notify(_ notice: JobNotice) {
        listening.withLock { $0.observer }?(notice)
    }

    /// The job that a request with this key made before; nil when there is none.
    ///
    /// - Throws: ``JobStoreError/idempotencyKeyReused``.
    public func job(madeWith key: IdempotencyKey) async throws(JobStoreError) -> JobRecord? {
        try await store.job(madeWith: key, now: clock.now())
    }

    /// Whether something behind a gate was sent to a target of which it is not known yet what came.
    public func isInDoubt(_ target: String, behind gate: String) async throws(JobStoreError) -> Bool {
        try await store.isInDoubt(target, behind: gate)
    }

    /// Looks whether a gate would let that many more executions be made now.
    ///
    /// - Throws: ``JobStoreError/gateHeld``, ``JobStoreError/limitReached(until:)``.
    public func checkAdmission(of count: Int, to gate: JobGate) async throws(JobStoreError) {
        try await store.checkAdmission(of: count, to: gate, now: clock.now())
    }

    /// Why nothing passes a gate at present; nil when it is open.
    public func hold(of gate: String) async throws(JobStoreError) -> GateHold? {
        try await store.hold(of: gate)
    }

    /// Holds a gate, or with nil opens it again.
    public func setHold(_ hold: GateHold?, of gate: String) async throws(JobStoreError) {
        try await store.setHold(hold, of: gate)
        signal.yield(.workAdded)
    }

    /// Stores a job whose targets come page by page; it is durable and begins when this returns.
    ///
    /// One page is stored in one transaction, more of them in one each, so that neither memory nor a transaction grows
    /// with the job. A job that was begun before with the same key and not completed is taken up where it ended.
    ///
    /// - Parameters:
    ///   - spread: spreads the beginnings; nil lets all begin at once.
    ///   - page: the targets after the last one it is given, in an order that stays; none when there are no more.
    /// - Returns: nil when somebody else fills the job at the moment.
    /// - Throws: as ``submit(_:targets:idempotency:)`` and `page` do.
    public func submit(
        _ specification: JobSpecification,
        idempotency: IdempotencyKey? = nil,
        spread: JobSpread? = nil,
        filledBy page: (String?) async throws -> [String]
    ) async throws -> JobCreationResult? {
        let first = try await page(nil)
        guard let end = first.last else { throw JobStoreError.noTargets }
        let second = try await page(end)
        let now = clock.now()
        let creation = JobCreation(
            id: identifiers.next(at: now),
            specification: specification,
            targets: first,
            idempotency: idempotency,
            spread: spread,
            now: now
        )
        let result = second.isEmpty ? try await store.create(creation) : try await store.begin(creation)
        guard var state = try await store.filling(of: result.job.id) else {
            told(of: result)
            return result
        }
        while true {
            let targets = state.last == end ? second : try await page(state.last)
            guard let last = targets.last else { break }
            let id = result.job.id
            guard try await store.append(targets, to: id, after: state.count, spread: spread, now: clock.now()) else {
                // Cancelled or expired meanwhile, unless somebody else fills it, or it was given up and is removed.
                return try await store.job(id).flatMap {
                    $0.state.isFinal && ($0.isCancelRequested || $0.state != .cancelled) ? .created($0) : nil
                }
            }
            state = JobFillingState(count: state.count + targets.count, last: last)
        }
        guard let job = try await store.complete(result.job.id, now: clock.now()) else { return nil }
        if case .created = result { notify(.made(job)) }
        signal.yield(.workAdded)
        if case .replayed = result { return .replayed(job) }
        return .created(job)
    }

    /// The job; nil when there is none.
    public func job(_ id: JobID) async throws(JobStoreError) -> JobRecord? {
        try await store.job(id)
    }

    /// The job that was made with an idempotency key; nil when there is none.
    public func job(withKey key: String) async throws(JobStoreError) -> JobRecord? {
        try await store.job(withKey: key)
    }

    /// Jobs that match, the newest first, older than the one given.
    public func jobs(
        matching query: JobQuery,
        before: JobID? = nil,
        limit: Int
    ) async throws(JobStoreError) -> [JobRecord] {
        try await store.jobs(matching: query, before: before, limit: limit)
    }

    /// Executions of a job in the order of its targets, after the place given.
    public func executions(
        of job: JobID,
        in states: Set<ExecutionState>? = nil,
        after ordinal: Int? = nil,
        limit: Int
    ) async throws(JobStoreError) -> [ExecutionRecord] {
        try await store.executions(of: job, in: states, after: ordinal, limit: limit)
    }

    /// Confirms, cancels, pauses or resumes a job.
    ///
    /// - Throws: ``JobStoreError/jobUnknown``, ``JobStoreError/wrongState(_:)``,
    ///   ``JobStoreError/unavailable(reason:)``.
    public func apply(_ command: JobCommand, to id: JobID) async throws(JobStoreError) -> JobRecord {
        let job = try await store.apply(command, to: id, now: clock.now())
        signal.yield(command == .cancel ? .cancelled(id) : .workAdded)
        await publish([job])
        return job
    }

    /// Makes a new job like this one for those of its targets that failed, expired or were cancelled.
    ///
    /// Targets whose outcome is unknown are left out: repeating could act twice.
    ///
    /// - Parameters:
    ///   - id: the job that is final.
    ///   - createdBy: who asks.
    ///   - repeatsParts: whether those are included that failed after a part of their work was done, which would be done
    ///     again.
    ///   - idempotency: makes a repeated request find the first one's job.
    /// - Throws: ``JobStoreError/jobUnknown``, ``JobStoreError/wrongState(_:)`` before the job is final,
    ///   ``JobStoreError/noTargets``.
    public func retryFailed(
        of id: JobID,
        createdBy: String,
        repeatsParts: Bool = true,
        idempotency: IdempotencyKey? = nil
    ) async throws(JobStoreError) -> JobCreationResult {
        guard let job = try await store.job(id) else { throw .jobUnknown }
        guard job.state.isFinal else { throw .wrongState(job.state) }
        var specification = job.specification
        specification.createdBy = createdBy
        specification.startAt = nil
        // As long as the first one had from its beginning on, without what it waited for that.
        let begin = max(job.createdAt, job.specification.startAt ?? job.createdAt)
        specification.expiresAt = job.specification.expiresAt.map { clock.now() + max($0 - begin, .zero) }
        specification.confirmBefore = job.specification.confirmBefore.map { clock.now() + ($0 - job.createdAt) }
        specification.selection = nil
        var targets = RepeatedTargets(store: store, job: id, repeatsParts: repeatsParts)
        do {
            let result = try await submit(specification, idempotency: idempotency) { try await targets.page(after: $0) }
            guard let result else { throw JobStoreError.idempotencyInFlight }
            return result
        } catch {
            throw (error as? JobStoreError) ?? .unavailable(reason: "\(error)")
        }
    }

    /// Waits until the job's version is beyond the one given, and returns it; at the deadline, as it is then.
    ///
    /// With no version it waits until the job is final. A cancelled task gets the job as it is. Nil when there is no
    /// such job.
    public func awaitChange(
        of id: JobID,
        after version: Int64?,
        until deadline: Timestamp
    ) async throws(JobStoreError) -> JobRecord? {
        while true {
            let end = isShared.load(ordering: .relaxed) ? min(deadline, clock.now() + Self.lookAgain) : deadline
            // Subscribed before the look, so that no change falls between the two; anew for each, because a stream whose
            // reader was cut off has ended.
            let (subscription, stream) = await changes.subscribe(to: id)
            let outcome: Result<JobRecord?, JobStoreError>
            do throws(JobStoreError) {
                outcome = .success(try await firstChange(of: id, after: version, until: end, in: stream))
            } catch {
                outcome = .failure(error)
            }
            await changes.unsubscribe(subscription, from: id)
            let job = try outcome.get()
            guard let job, !job.state.isFinal, version.map({ job.version <= $0 }) ?? true else { return job }
            if clock.now() >= deadline || Task.isCancelled { return job }
        }
    }

    private func firstChange(
        of id: JobID,
        after version: Int64?,
        until deadline: Timestamp,
        in stream: AsyncStream<JobRecord>
    ) async throws(JobStoreError) -> JobRecord? {
        guard let job = try await store.job(id) else { return nil }
        func isWanted(_ job: JobRecord) -> Bool {
            job.state.isFinal || version.map { job.version > $0 } == true
        }
        if isWanted(job) { return job }
        let changed = await withTaskGroup(of: JobRecord?.self) { [clock] group in
            group.addTask {
                for await job in stream where job.state.isFinal || version.map({ job.version > $0 }) == true {
                    return job
                }
                return nil
            }
            group.addTask {
                try? await clock.sleep(until: deadline)
                return nil
            }
            let first = await group.next()
            group.cancelAll()
            return first.flatMap { $0 }
        }
        if let changed { return changed }
        return try await store.job(id)
    }

    /// Hears what other gateways do with jobs, until its task is cancelled: waiting callers and the runner learn of it.
    public func follow() async {
        isShared.store(true, ordering: .relaxed)
        for await id in store.changes() {
            signal.yield(.workAdded)
            guard let id, let job = try? await store.job(id) else { continue }
            if job.isCancelRequested { signal.yield(.cancelled(id)) }
            await changes.publish([job])
        }
    }

    /// Takes back the executions of a gateway that is gone.
    public func recover(holder: String) async throws(JobStoreError) {
        let jobs = try await store.recover(holder: holder, now: clock.now())
        guard !jobs.isEmpty else { return }
        signal.yield(.workAdded)
        await publish(jobs)
    }

    /// Has the runner look for work, because there may be some.
    public func lookForWork() {
        signal.yield(.workAdded)
    }

    /// Tells waiting callers and the observer of changes that were made here.
    func publish(_ jobs: [JobRecord]) async {
        if !jobs.isEmpty { notify(.changed(jobs)) }
        await changes.publish(jobs)
    }
}
