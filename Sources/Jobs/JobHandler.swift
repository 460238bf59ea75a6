// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization
public import Timekeeping

/// Does the work of one kind of job.
public protocol JobHandler: Sendable {
    /// Works on one target and says what came out; never throws, never retries by itself.
    ///
    /// Before it sends anything that changes the target it calls ``ExecutionContext/permitTransmission()``. When
    /// ``ExecutionRecord/hasTransmitted`` is true on entry, an earlier attempt may have taken effect: then it only
    /// reads, and says ``ExecutionOutcome/outcomeUnknown(_:)`` again if that does not settle it.
    func execute(
        _ execution: ExecutionRecord,
        of job: JobRecord,
        in context: ExecutionContext
    ) async -> ExecutionOutcome
}

/// What came out of one attempt.
public enum ExecutionOutcome: Hashable, Sendable {
    /// It is done, with this JSON text.
    case succeeded(result: [UInt8])
    /// It failed, and trying again is useless or not safe.
    case failed(ExecutionProblem)
    /// It failed for good after a part of it was done; `result` is the JSON text of that part.
    case failedInPart(ExecutionProblem, result: [UInt8])
    /// It failed, nothing took effect, and trying again is safe: a read, or a command that was never sent.
    case failedSafely(ExecutionProblem)
    /// It could not begin, or waits for the target to end something; tried again at the moment, which does not count as
    /// an attempt. After something was sent that goes on for ``JobRetry/resolveFor`` at most.
    case postponed(until: Timestamp, ExecutionProblem)
    /// A command was sent and no answer came; reading may tell later.
    case outcomeUnknown(ExecutionProblem)
    /// A command was sent and no answer came, and no reading will ever tell.
    case outcomeUnknownForGood(ExecutionProblem)
    /// It was not permitted to send; nothing was sent.
    case refused(TransmissionRefusal)
}

/// What a handler may ask of the runner while it works.
public final class ExecutionContext: Sendable {
    /// When the attempt should be over; nil leaves it to the handler.
    public let deadline: Timestamp?
    private let isCancelled = Atomic<Bool>(false)
    private let isPermitted = Atomic<Bool>(false)
    private let permit: @Sendable ([UInt8]?) async -> TransmissionRefusal?
    private let report: @Sendable ([UInt8]) async -> Void

    /// Makes a context; `permit` asks the store and tells it how far the work is, `report` only tells.
    public init(
        deadline: Timestamp?,
        permit: @escaping @Sendable ([UInt8]?) async -> TransmissionRefusal?,
        report: @escaping @Sendable ([UInt8]) async -> Void = { _ in }
    ) {
        self.deadline = deadline
        self.permit = permit
        self.report = report
    }

    /// Tells those who look how far the work is, as JSON text; worth a write to the database, so not for every step.
    public func reportProgress(_ document: [UInt8]) async {
        await report(document)
    }

    /// Whether the job was cancelled; to be looked at between two exchanges of a long work.
    public var isCancelRequested: Bool { isCancelled.load(ordering: .relaxed) }

    /// Records durably that something which changes the target is about to be sent.
    ///
    /// - Parameter progress: how far the work is, as JSON text, recorded in the same step; nil leaves what was recorded.
    ///   With several commands in one execution it tells afterwards which of them is in doubt.
    /// - Throws: why it may not be sent; the handler then sends nothing and returns
    ///   ``ExecutionOutcome/refused(_:)``. If the store does not answer, the lease counts as lost.
    public func permitTransmission(recording progress: [UInt8]? = nil) async throws(TransmissionRefusal) {
        guard !isCancelRequested else { throw .cancelled }
        if let refusal = await permit(progress) { throw refusal }
        isPermitted.store(true, ordering: .relaxed)
    }

    /// Whether permission to send was given in this attempt.
    public var wasPermitted: Bool { isPermitted.load(ordering: .relaxed) }

    /// Tells the handler that the job was cancelled.
    func requestCancel() {
        isCancelled.store(true, ordering: .relaxed)
    }
}
