// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Jobs
public import Timekeeping

extension Gateway {
    /// Stores a job for meters named one by one; it is durable when this returns.
    ///
    /// - Parameters:
    ///   - order: what to do.
    ///   - targets: the meters to do it with.
    ///   - priority: 0 to 9, 9 goes first.
    ///   - caller: who asks.
    ///   - traceID: ties the job to the request.
    /// - Throws: ``GatewayError/meterUnknown(text:)`` for a meter that is not registered.
    public func submit(
        _ order: JobOrder,
        targets: [String],
        priority: UInt8,
        caller: String,
        traceID: String
    ) async throws(GatewayError) -> JobRecord {
        var meters: [MeterID] = []
        for target in targets { meters.append(try meterID(target)) }
        let request = JobRequest(
            order,
            targets: .meters(meters),
            terms: JobConditions(priority: priority),
            caller: caller,
            traceID: traceID
        )
        return try await submit(request).job
    }

    /// Stores a job; it is durable when this returns.
    ///
    /// - Returns: the job, and whether an earlier request with the same key made it.
    /// - Throws: ``GatewayError/meterUnknown(text:)`` for a meter that is not registered,
    ///   ``GatewayError/idempotencyKeyMissing``, ``GatewayError/idempotencyKeyReused``.
    public func submit(_ request: JobRequest) async throws(GatewayError) -> (job: JobRecord, isReplayed: Bool) {
        guard !isDraining else { throw .draining }
        if case .disconnector = request.order {
            throw .notSupported(what: "an order to disconnect or reconnect, but through the orders of a meter or a job")
        }
        if case .firmware(let firmware) = request.order, try await image(firmware.image) == nil {
            throw .notFound(what: "firmware image \(firmware.image)")
        }
        try await check(request.targets)
        let terms = request.terms
        let specification = JobSpecification(
            kind: request.order.kind,
            payload: request.order.document.octets,
            createdBy: request.caller,
            priority: terms.priority,
            limits: terms.limits,
            retry: terms.retry(usually: request.order.retry),
            startAt: terms.startAt,
            expiresAt: terms.expiresAt,
            traceID: request.traceID,
            selection: request.targets.isShort ? request.targets.document.octets : nil
        )
        switch try await store(specification, about: request.targets, request.idempotency) {
        case .created(let job): return (job, false)
        case .replayed(let job): return (job, true)
        case .underWay: throw .idempotencyInFlight
        case .noMeters: throw Self.noMeter
        }
    }

    /// Refuses a selection that names what does not exist, or that is about too many meters.
    private func check(_ selection: TargetSelection) async throws(GatewayError) {
        try await targets.check(selection)
        if case .meters = selection { return }
        guard try await targets.count(of: selection) <= Self.mostTargets else { throw Self.tooManyMeters }
    }

    private static let noMeter = GatewayError.valueOutOfRange(
        pointer: "/target",
        allowed: "at least one meter, and none fits it now"
    )
    private static let tooManyMeters = GatewayError.valueOutOfRange(
        pointer: "/target",
        allowed: "at most \(mostTargets) meters"
    )

    /// More meters than this are not taken into one job.
    private static let mostTargets = 1_000_000

    /// The meters that a selection stands for now, at least one.
    ///
    /// - Throws: ``GatewayError/meterUnknown(text:)``, ``GatewayError/notFound(what:)``,
    ///   ``GatewayError/valueOutOfRange(pointer:allowed:)`` when there is none or there are too many.
    public func meters(of selection: TargetSelection) async throws(GatewayError) -> [String] {
        try await targets.check(selection)
        var meters: [String] = []
        try await targets.forEachPage(of: selection) { page throws(GatewayError) in
            guard meters.count + page.count <= Self.mostTargets else { throw Self.tooManyMeters }
            meters += page.map(\.text)
        }
        guard !meters.isEmpty else { throw Self.noMeter }
        return meters
    }

    /// The job with this id.
    ///
    /// - Parameters:
    ///   - wait: how long to wait for it to change; nil does not wait.
    ///   - version: the version that the caller knows, a later one is a change; nil waits for the job to finish.
    /// - Throws: ``GatewayError/jobUnknown(text:)``, ``GatewayError/jobPurged(text:)``.
    public func job(
        _ id: String,
        wait: Duration? = nil,
        after version: Int64? = nil
    ) async throws(GatewayError) -> JobRecord {
        guard let key = JobID(id) else { throw .jobUnknown(text: id) }
        do throws(JobStoreError) {
            let job: JobRecord?
            if let wait {
                job = try await jobs.awaitChange(of: key, after: version, until: clock.now() + wait)
            } else {
                job = try await jobs.job(key)
            }
            if let job { return job }
        } catch {
            throw GatewayError(error, job: id, operation: "get")
        }
        // The identifier tells when it was made: one so old was there once, as far as anybody can say.
        let isOld = key.timestamp < clock.now() - settings.jobRetention
        throw isOld ? .jobPurged(text: id) : .jobUnknown(text: id)
    }

    /// Jobs, the newest first.
    public func jobList(
        matching query: JobQuery,
        before: JobID?,
        limit: Int
    ) async throws(GatewayError) -> [JobRecord] {
        try await translating(await jobs.jobs(matching: query, before: before, limit: limit), operation: "list")
    }

    /// What came of a job, meter by meter, in the order of its targets.
    ///
    /// - Parameter states: only those in one of these states; nil for all.
    public func executions(
        of id: String,
        in states: Set<ExecutionState>? = nil,
        after ordinal: Int?,
        limit: Int
    ) async throws(GatewayError) -> [ExecutionRecord] {
        let job = try await job(id)
        return try await translating(
            await jobs.executions(of: job.id, in: states, after: ordinal, limit: limit),
            job: id,
            operation: "list"
        )
    }

    /// Confirms, cancels, pauses or resumes a job.
    ///
    /// - Throws: ``GatewayError/wrongState(job:state:operation:)``.
    public func steerJob(_ id: String, _ command: JobCommand) async throws(GatewayError) -> JobRecord {
        let key = try await job(id).id
        return try await translating(await jobs.apply(command, to: key), job: id, operation: command.rawValue)
    }

    /// Makes a new job for those meters of a finished one that failed, expired or were cancelled.
    ///
    /// Meters whose outcome is unknown are left out, and those that did a part of something that is harmful twice.
    ///
    /// - Parameters:
    ///   - id: the job.
    ///   - caller: who asks.
    ///   - idempotency: makes a repeated request find the first one's job.
    /// - Returns: the job, and whether an earlier request had made it.
    /// - Throws: ``GatewayError/wrongState(job:state:operation:)`` before the job is finished, and when there is no such
    ///   meter.
    public func retryJob(
        _ id: String,
        caller: String,
        idempotency: IdempotencyKey? = nil
    ) async throws(GatewayError) -> (job: JobRecord, isReplayed: Bool) {
        guard !isDraining else { throw .draining }
        let job = try await job(id)
        // An order is confirmed and written into the audit log each time.
        guard job.specification.kind != .disconnect, job.specification.kind != .reconnect else {
            throw .notSupported(what: "to retry an order; make a new one")
        }
        let order = try JobOrder(job.specification)
        do throws(JobStoreError) {
            let result = try await jobs.retryFailed(
                of: job.id,
                createdBy: caller,
                repeatsParts: !order.isHarmfulTwice,
                idempotency: idempotency
            )
            if case .replayed(let job) = result { return (job, true) }
            return (result.job, false)
        } catch .noTargets {
            throw .wrongState(job: id, state: job.state.rawValue, operation: "retry")
        } catch {
            throw GatewayError(error, job: id, operation: "retry")
        }
    }
}

extension TargetSelection {
    /// Whether a job shows how its targets were chosen: a long list would only repeat its executions.
    fileprivate var isShort: Bool {
        if case .meters(let meters) = self { meters.count <= 100 } else { true }
    }
}

extension GatewayError {
    /// What callers come to know of a failure of the job store.
    init(_ error: JobStoreError, job: String, operation: String) {
        switch error {
        case .jobUnknown: self = .jobUnknown(text: job)
        case .wrongState(let state): self = .wrongState(job: job, state: state.rawValue, operation: operation)
        case .idempotencyKeyReused: self = .idempotencyKeyReused
        case .idempotencyInFlight: self = .idempotencyInFlight
        case .gateHeld: self = .ordersHeld
        case .limitReached(let moment): self = .orderLimit(until: moment)
        case .leaseLost, .noTargets: self = .internal(reason: "\(error)")
        case .unavailable(let reason): self = .storeUnavailable(reason: reason)
        }
    }
}

extension JobOrder {
    /// How often the order is tried again: what is taken up where it was, often; the rest once.
    var retry: JobRetry {
        switch self {
        case .firmware: JobRetry(max: 1000, backoff: .seconds(5))
        case .keyChange, .secretChange:
            // Which secrets the meter has is found out sooner or later, however long it is away.
            JobRetry(max: 3, backoff: .seconds(5), resolveFor: .seconds(365 * 86_400))
        case .disconnector, .read, .profileRead, .gapRecovery, .write, .invoke, .discover, .bundle, .clockSync:
            JobRetry(max: 1, backoff: .seconds(5))
        }
    }
}
