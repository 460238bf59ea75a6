// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

extension ExecutionOutcome {
    /// What becomes of the execution after this attempt; nil when it is not ours any more.
    ///
    /// Only what is safe is repeated; an unknown outcome is resolved until ``JobRetry/resolveFor`` is over.
    func change(for claimed: ClaimedExecution, in context: ExecutionContext, now: Timestamp) -> ExecutionChange? {
        let isCancelRequested = context.isCancelRequested
        let execution = claimed.execution
        let specification = claimed.job.specification
        let retry = specification.retry
        switch self {
        case .succeeded(let result):
            return .succeeded(result: result)
        case .failed(let problem):
            return .failed(problem)
        case .failedInPart(let problem, let result):
            return .failedInPart(problem, result: result)
        case .failedSafely(let problem) where execution.hasTransmitted:
            // The attempt was to resolve an earlier one by reading; that its reading failed resolves nothing.
            return resolvingLater(problem, of: claimed, now: now)
        case .postponed(let moment, let problem) where execution.hasTransmitted || context.wasPermitted:
            // Something was sent, in this attempt or before; what comes of it is looked at again, though not for ever.
            let isOver = moment > (execution.startedAt ?? now) + retry.resolveFor
            return .unknown(resolveAt: isOver ? nil : moment, problem)
        case .failedSafely(let problem):
            if isCancelRequested { return .cancelled }
            guard execution.attempts <= retry.max else { return .failed(problem) }
            let moment = now + retry.pause(afterAttempts: execution.attempts)
            if let end = specification.expiresAt, moment >= end {
                // What has a gate and was never sent has expired, which says more than the last failure to begin.
                guard specification.gate != nil else { return .failed(problem) }
                return .waiting(until: end, problem, countsAsAttempt: false)
            }
            return .waiting(until: moment, problem, countsAsAttempt: true)
        case .postponed(let moment, let problem):
            if isCancelRequested { return .cancelled }
            if let end = specification.expiresAt, moment >= end {
                return .waiting(until: end, problem, countsAsAttempt: false)
            }
            return .waiting(until: moment, problem, countsAsAttempt: false)
        case .outcomeUnknown(let problem):
            return resolvingLater(problem, of: claimed, now: now)
        case .outcomeUnknownForGood(let problem):
            return .unknown(resolveAt: nil, problem)
        case .refused(.cancelled):
            return .cancelled
        case .refused(.expired):
            return .expired
        case .refused(.leaseLost):
            return nil
        case .refused(.held):
            return laterOrNever(now + Self.pauseWhenHeld, Self.held, specification)
        case .refused(.limited(let moment)):
            return laterOrNever(moment, Self.limited, specification)
        case .refused(.alreadySent):
            return resolvingLater(Self.sentBefore, of: claimed, now: now)
        }
    }

    private static let pauseWhenHeld = Duration.seconds(10)
    private static let held = ExecutionProblem(name: "orders-held", plainDetail: "Orders are held.")
    private static let limited = ExecutionProblem(name: "order-limit", plainDetail: "Too many orders were sent.")
    private static let sentBefore = ExecutionProblem(
        name: "outcome-unknown",
        plainDetail: "It may have been sent before."
    )

    /// Waits without counting it as an attempt, at most until the job expires.
    private func laterOrNever(
        _ moment: Timestamp,
        _ problem: ExecutionProblem,
        _ specification: JobSpecification
    ) -> ExecutionChange {
        let end = specification.expiresAt.map { min($0, moment) } ?? moment
        return .waiting(until: end, problem, countsAsAttempt: false)
    }

    private func resolvingLater(
        _ problem: ExecutionProblem,
        of claimed: ClaimedExecution,
        now: Timestamp
    ) -> ExecutionChange {
        let retry = claimed.job.specification.retry
        let begin = claimed.execution.startedAt ?? now
        let moment = now + retry.pause(afterAttempts: claimed.execution.attempts)
        return .unknown(resolveAt: moment <= begin + retry.resolveFor ? moment : nil, problem)
    }
}
