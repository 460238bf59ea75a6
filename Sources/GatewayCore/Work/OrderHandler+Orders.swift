// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Fleet
import JSONText
import Jobs
import Synchronization
import Timekeeping

extension OrderHandler {
    /// Carries out an order that switches supply; once it was permitted to be sent, only reads.
    func switchSupply(
        _ order: DisconnectorOrder,
        _ execution: ExecutionRecord,
        of job: JobRecord,
        _ wishes: Gateway.Wishes,
        in context: ExecutionContext
    ) async -> ExecutionOutcome {
        let attempt = OrderAttempt(handler: self, order: order, execution: execution, job: job, wishes: wishes)
        var outcome = execution.hasTransmitted ? await attempt.resolve() : await attempt.carryOut(in: context)
        if context.isCancelRequested, !context.wasPermitted, !execution.hasTransmitted, outcome.waits {
            // It ends here, and its end is recorded as any other.
            outcome = .refused(.cancelled)
        }
        guard let word = outcome.settledWord else { return outcome }
        // That it is not known was recorded by the attempt that sent the command.
        if execution.hasTransmitted, case .outcomeUnknown = outcome { return outcome }
        gateway.metrics.orders.increment(MetricLabels(order.action.word, word))
        await attempt.record(word)
        return outcome
    }
}

/// One attempt to carry out an order at one meter, or to find out what came of an earlier one.
private struct OrderAttempt {
    let handler: OrderHandler
    let order: DisconnectorOrder
    let execution: ExecutionRecord
    let job: JobRecord
    let wishes: Gateway.Wishes

    /// After how long an order looks again whether the one before it is done: longer than the pause between two that begin
    /// of an order for many meters, so that the others have their turn.
    private static let turn = Duration.seconds(5)

    private var gateway: Gateway { handler.gateway }
    private var orders: OrderSettings { gateway.settings.orders }

    func carryOut(in context: ExecutionContext) async -> ExecutionOutcome {
        // Two orders at once would both see the state that each expects, and the second would be sent into another one.
        guard gateway.switching.withLock({ $0.insert(execution.target).inserted }) else {
            return waiting()
        }
        defer { _ = gateway.switching.withLock { $0.remove(execution.target) } }
        let permitted = Permission()
        do {
            // One that was sent and may still take effect would take it after this one.
            if try await gateway.isOrderInDoubt(execution.target) { return waiting() }
            try await gateway.checkOrderable(execution.target, order.action)
            if let error = gateway.held() { throw error }
            if let error = gateway.outsideWindow(order, at: gateway.clock.now()) { throw error }
            let ending = try await procedure().carryOut(
                order,
                expiresAt: job.specification.expiresAt,
                settleTime: orders.settleTime,
                registers: { await registers() },
                keep: { await context.reportProgress(handler.representation.kept(before: $0)) },
                permit: {
                    // Protection and hold may have come while the meter was asked, and the window may close before the
                    // command leaves.
                    try await gateway.checkOrderable(execution.target, order.action)
                    if let error = gateway.held() { throw error }
                    let latest = gateway.clock.now() + min(OrderSettings.longestSending, orders.settleTime)
                    if let error = gateway.outsideWindow(order, at: latest) { throw error }
                    try await context.permitTransmission()
                    permitted.give()
                    try await gateway.audit(entry(.sending))
                }
            )
            return outcome(of: ending, earlier: nil)
        } catch let refusal as TransmissionRefusal {
            return .refused(refusal)
        } catch let error as GatewayError {
            // Without a record nothing was sent; but permission is given once, so that the rest is reading.
            if permitted.isGiven, case .storeUnavailable = error { return .outcomeUnknown(handler.problem(error)) }
            return failure(error)
        } catch {
            let problem = handler.problem(.internal(reason: "\(error)"))
            return permitted.isGiven ? .outcomeUnknown(problem) : .failed(problem)
        }
    }

    func resolve() async -> ExecutionOutcome {
        do throws(GatewayError) {
            let ending = try await procedure().resolve(
                order,
                sentAt: execution.transmittedAt,
                settleTime: orders.settleTime
            )
            return outcome(of: ending, earlier: execution.progress)
        } catch {
            if case .orderNotCarriedOut = error { return .failed(handler.problem(error)) }
            // What cannot be read now tells nothing; whatever the reason, the meter is asked again.
            return .outcomeUnknown(handler.problem(error))
        }
    }

    /// Adds what came of it to the audit log; a log that fails now does not change what happened.
    func record(_ word: String) async {
        var entry = entry(.settled)
        entry.outcome = word
        try? await gateway.audit(entry)
    }

    /// Lets the order before this one at the same meter come to its end.
    private func waiting() -> ExecutionOutcome {
        guard let meter = MeterID(execution.target) else { return failure(.meterUnknown(text: execution.target)) }
        return .postponed(until: gateway.clock.now() + Self.turn, handler.problem(.meterBusy(meter)))
    }

    private func procedure() async throws(GatewayError) -> DisconnectorProcedure {
        let memory = try await gateway.directory.memory(of: execution.target)
        let association = try gateway.association(wishes.association, for: .managing, memory)
        return gateway.disconnectorProcedure(memory, association, wishes)
    }

    private func registers() async -> ReadAnswer? {
        guard !order.registers.isEmpty else { return nil }
        // Values that cannot be had do not hold up the order; the result shows that they are missing.
        return try? await gateway.read(order.registers, of: execution.target, wishes)
    }

    private func entry(_ stage: AuditEntry.Stage) -> AuditEntry {
        AuditEntry(
            at: gateway.clock.now(),
            caller: Caller(name: job.specification.createdBy),
            action: order.action.word,
            stage: stage,
            meter: execution.target,
            job: job.id.text,
            traceID: job.specification.traceID
        )
    }

    private func outcome(of ending: DisconnectorProcedure.Ending, earlier: [UInt8]?) -> ExecutionOutcome {
        switch ending {
        case .unknown(let error): return .outcomeUnknown(handler.problem(error))
        case .done(let outcome):
            guard let meter = MeterID(execution.target) else {
                return .failed(handler.problem(.meterUnknown(text: execution.target)))
            }
            return .succeeded(
                result: handler.representation.result(of: outcome, earlier: earlier, meter: meter)
            )
        }
    }

    /// A failure before anything was sent: waits for what passes by itself, until the order expires.
    private func failure(_ error: GatewayError) -> ExecutionOutcome {
        switch error {
        case .ordersHeld: .refused(.held)
        case .outsideOrderWindow: .failed(handler.problem(error))
        default: handler.failure(error)
        }
    }

    /// Whether the command may have left.
    private final class Permission: Sendable {
        private let given = Atomic<Bool>(false)

        var isGiven: Bool { given.load(ordering: .sequentiallyConsistent) }

        func give() { given.store(true, ordering: .sequentiallyConsistent) }
    }
}

extension ExecutionOutcome {
    /// Whether the order would be tried again.
    fileprivate var waits: Bool {
        switch self {
        case .failedSafely, .postponed: true
        default: false
        }
    }

    /// What came of an order, for the record; nil while it still waits to be sent.
    fileprivate var settledWord: String? {
        switch self {
        case .succeeded: "succeeded"
        case .failed(let problem): problem.name
        case .failedInPart: "failed"
        case .outcomeUnknown, .outcomeUnknownForGood: "outcome-unknown"
        case .refused(.expired): "expired"
        case .refused(.cancelled): "cancelled"
        case .failedSafely, .postponed, .refused: nil
        }
    }
}
