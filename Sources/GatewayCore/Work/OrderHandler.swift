// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
public import Jobs
import Timekeeping

/// Carries out jobs: each execution is one meter.
public struct OrderHandler: JobHandler {
    /// How long one meter may take unless the job says otherwise.
    private static let usualTimeout = Duration.seconds(300)
    /// How long one attempt of a firmware transfer may take.
    private static let longestTransfer = Duration.seconds(86_400)

    let gateway: Gateway
    let representation: any JobRepresentation

    /// Makes the handler for every kind in ``JobKind/known``.
    public init(gateway: Gateway, representation: any JobRepresentation) {
        self.gateway = gateway
        self.representation = representation
    }

    /// Does the order at one meter.
    public func execute(
        _ execution: ExecutionRecord,
        of job: JobRecord,
        in context: ExecutionContext
    ) async -> ExecutionOutcome {
        let outcome = await carryOut(execution, of: job, in: context)
        gateway.events.tell(outcome, of: execution, job)
        gateway.metrics.jobExecutions.increment(MetricLabels(job.specification.kind.rawValue, outcome.word))
        return outcome
    }

    private func carryOut(
        _ execution: ExecutionRecord,
        of job: JobRecord,
        in context: ExecutionContext
    ) async -> ExecutionOutcome {
        do throws(GatewayError) {
            let order = try JobOrder(job.specification)
            let wishes = Gateway.Wishes(
                association: order.association,
                freshness: .live,
                budget: WaitBudget(time(for: order, in: context), caller: "job \(job.id)"),
                priority: job.specification.priority,
                origin: .job(job.id)
            )
            switch order {
            case .read, .profileRead, .write, .invoke, .clockSync, .bundle:
                return try await carryOutSteps(of: order, execution, wishes, in: context)
            case .gapRecovery(let profile, _):
                return try await recoverGaps(of: profile, execution, wishes, in: context)
            case .discover:
                let discovery = try await gateway.discover(execution.target, wishes)
                return .succeeded(result: representation.result(of: discovery))
            case .keyChange(let order):
                return await changeSecrets(.keys(order), execution, wishes, in: context)
            case .secretChange(let order):
                return await changeSecrets(.secret(order), execution, wishes, in: context)
            case .disconnector(let order):
                return await switchSupply(order, execution, of: job, wishes, in: context)
            case .firmware(let order):
                return await transferFirmware(order, execution, wishes, in: context)
            }
        } catch {
            return failure(error)
        }
    }

    /// How long an execution may wait for its meter.
    private func time(for order: JobOrder, in context: ExecutionContext) -> Duration {
        if let deadline = context.deadline { return max(deadline - gateway.clock.now(), .zero) }
        // A transfer takes as long as it takes, unless the job says how long one meter may take.
        if case .firmware = order { return Self.longestTransfer }
        return Self.usualTimeout
    }

    /// A failure of an order that changed nothing.
    func failure(_ error: GatewayError) -> ExecutionOutcome {
        // Whoever has the line now takes it up at once.
        if error.isHeldElsewhere { return .postponed(until: gateway.clock.now(), problem(error)) }
        return error.isRetryable ? .failedSafely(problem(error)) : .failed(problem(error))
    }

    /// A failure as it is kept.
    func problem(_ error: GatewayError) -> ExecutionProblem {
        ExecutionProblem(name: error.name, document: representation.problem(error))
    }
}

extension ExecutionOutcome {
    /// The outcome in a word, for the metric.
    fileprivate var word: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed, .failedInPart: "failed"
        case .failedSafely: "failed-safely"
        case .postponed: "postponed"
        case .outcomeUnknown, .outcomeUnknownForGood: "outcome-unknown"
        case .refused: "refused"
        }
    }
}
