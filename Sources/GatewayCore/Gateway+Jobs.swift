// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import Jobs
import Timekeeping

extension Gateway {
    /// Stores a job; it is durable when this returns.
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
        guard !isDraining else { throw .draining }
        if case .disconnector = order {
            throw .notSupported(what: "an order to disconnect or reconnect, but through the orders of a meter or a job")
        }
        for target in targets { _ = try await meter(target) }
        if case .firmware(let firmware) = order, try await image(firmware.image) == nil {
            throw .notFound(what: "firmware image \(firmware.image)")
        }
        let specification = JobSpecification(
            kind: order.kind,
            payload: order.document.octets,
            createdBy: caller,
            priority: priority,
            retry: order.retry,
            traceID: traceID
        )
        do throws(JobStoreError) {
            return try await jobs.submit(specification, targets: targets).job
        } catch {
            throw GatewayError(error, job: "", operation: "submit")
        }
    }

    /// The job with this id.
    ///
    /// - Parameter wait: how long to wait for it to finish; nil does not wait.
    public func job(_ id: String, wait: Duration? = nil) async throws(GatewayError) -> JobRecord {
        guard let key = JobID(id) else { throw .jobUnknown(text: id) }
        do throws(JobStoreError) {
            let job: JobRecord?
            if let wait {
                job = try await jobs.awaitChange(of: key, after: nil, until: clock.now() + wait)
            } else {
                job = try await jobs.job(key)
            }
            if let job { return job }
        } catch {
            throw GatewayError(error, job: id, operation: "get")
        }
        throw .jobUnknown(text: id)
    }

    /// Jobs, the newest first.
    public func jobList(
        matching query: JobQuery,
        before: JobID?,
        limit: Int
    ) async throws(GatewayError) -> [JobRecord] {
        do throws(JobStoreError) {
            return try await jobs.jobs(matching: query, before: before, limit: limit)
        } catch {
            throw GatewayError(error, job: "", operation: "list")
        }
    }

    /// What came of a job, meter by meter, in the order of its targets.
    public func executions(
        of id: String,
        after ordinal: Int?,
        limit: Int
    ) async throws(GatewayError) -> [ExecutionRecord] {
        let job = try await job(id)
        do throws(JobStoreError) {
            return try await jobs.executions(of: job.id, after: ordinal, limit: limit)
        } catch {
            throw GatewayError(error, job: id, operation: "list")
        }
    }

    /// Cancels a job.
    public func cancelJob(_ id: String) async throws(GatewayError) -> JobRecord {
        guard let key = JobID(id) else { throw .jobUnknown(text: id) }
        do throws(JobStoreError) {
            return try await jobs.apply(.cancel, to: key)
        } catch {
            throw GatewayError(error, job: id, operation: "cancel")
        }
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
