// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs

extension OrderHandler {
    /// Carries out an order step by step in one association.
    ///
    /// Before each step that changes the meter the permission is asked for, and which steps are done is recorded with it.
    /// After a crash or a lost answer the step in doubt is resolved by reading, and the rest is gone on with. Nothing is
    /// repeated after a step that changed the meter: what fails then ends the execution with what was done.
    func carryOutSteps(
        of order: JobOrder,
        _ execution: ExecutionRecord,
        _ wishes: Gateway.Wishes,
        in context: ExecutionContext
    ) async throws(GatewayError) -> ExecutionOutcome {
        let memory = try await gateway.directory.memory(of: execution.target)
        var wishes = wishes
        let association = try gateway.association(
            wishes.association,
            for: order.changesMeter || order.isManaging ? .managing : .reading,
            memory
        )
        wishes.association = association
        var run = StepRun(order: order, execution: execution, association: association)
        while let step = run.next {
            do {
                let document = try await perform(step, isInDoubt: run.isInDoubt, memory, wishes) {
                    [journal = run.journal] in
                    try await context.permitTransmission(recording: journal.document)
                }
                run.complete(with: document)
            } catch let refusal as TransmissionRefusal {
                return run.stopped(by: refusal) {
                    ExecutionProblem(name: $0.name, document: representation.problem($0))
                }
            } catch let error as GatewayError {
                if let outcome = run.failed(step, error, problem(error), document: representation.problem(error)) {
                    return outcome
                }
            } catch {
                return failure(.internal(reason: "\(error)"))
            }
        }
        return run.outcome
    }

    /// Does one step; one in doubt is looked after by reading only.
    private func perform(
        _ step: JobStep,
        isInDoubt: Bool,
        _ memory: MeterMemory,
        _ wishes: Gateway.Wishes,
        permit: () async throws -> Void
    ) async throws -> [UInt8] {
        let errand = wishes.errand(at: memory, in: wishes.association ?? "")
        switch step {
        case .read(let queries):
            let answer = try await gateway.read(queries, of: memory.id.text, wishes)
            // What went over to another gateway halfway is read there as a whole.
            if let error = answer.outcomes.lazy.compactMap(\.result.failure).first(where: \.isHeldElsewhere) {
                throw error
            }
            // When no attribute could be read for the same reason, that reason is the outcome.
            if answer.failures == answer.outcomes.count, let error = answer.outcomes.first?.result.failure {
                throw error
            }
            return representation.result(of: answer, meter: memory.id)
        case .profileRead(let profile, let query):
            let query = try await gateway.beginning(query, of: profile, memory.id)
            let pending = try await gateway.prepareRows(query, of: profile, memory.id.text, wishes)
            return representation.result(of: try await gateway.collectRows(pending), meter: memory.id)
        case .write(let command):
            let writer = gateway.writer
            let outcome =
                isInDoubt
                ? try await writer.resolve(command, for: errand)
                : try await writer.write(command, for: errand, permit: permit)
            return representation.result(of: outcome, meter: memory.id)
        case .invoke(let command):
            // No reading tells whether a method took effect.
            guard !isInDoubt else { throw GatewayError.outcomeUnknown(memory.id, operation: "action") }
            let invoker = gateway.invoker
            let pending = try await invoker.prepare(command, for: errand)
            if !command.isDryRun { try await permit() }
            let outcome = try await invoker.carryOut(pending, for: errand)
            return representation.result(of: outcome, meter: memory.id)
        case .clockSync(let wish):
            let outcome =
                isInDoubt
                ? try await gateway.resolveClock(of: memory.id.text, wish, wishes)
                : try await gateway.synchronizeClock(of: memory.id.text, wish, wishes, permit: permit)
            return representation.result(of: outcome, meter: memory.id)
        }
    }
}

extension JobOrder {
    /// Whether it belongs into the association for writing even where it changes nothing, as a dry run.
    fileprivate var isManaging: Bool {
        switch self {
        case .write, .invoke, .clockSync: true
        case .bundle(let bundle): bundle.steps.contains(where: \.isManaging)
        default: false
        }
    }
}

/// Where an execution of several steps stands, and what follows from what came of each.
private struct StepRun {
    private let order: JobOrder
    private let steps: [JobStep]
    private let association: String
    private let stopsOnError: Bool
    private(set) var journal: StepJournal
    /// Whether the next step may have been sent by an earlier attempt.
    private(set) var isInDoubt: Bool
    /// The first failure of those that did not end the run.
    private var failure: ExecutionProblem?

    init(order: JobOrder, execution: ExecutionRecord, association: String) {
        self.order = order
        self.association = association
        steps = order.steps.map(\.step)
        if case .bundle(let bundle) = order { stopsOnError = bundle.stopsOnError } else { stopsOnError = true }
        isInDoubt = execution.hasTransmitted
        journal = StepJournal(total: steps.count, resuming: isInDoubt ? execution.progress : nil)
    }

    /// The step to be done; nil when all are.
    var next: JobStep? { journal.done.count < steps.count ? steps[journal.done.count] : nil }

    /// Whether one of the steps done was sent to change the meter.
    private var hasChanged: Bool { steps.prefix(journal.done.count).contains(where: \.changesMeter) }

    private var result: [UInt8] { order.result(of: journal.done, association: association) }

    mutating func complete(with document: [UInt8]) {
        journal.done.append(document)
        isInDoubt = false
    }

    /// A step failed; nil to go on with the next one.
    mutating func failed(
        _ step: JobStep,
        _ error: GatewayError,
        _ problem: ExecutionProblem,
        document: [UInt8]
    ) -> ExecutionOutcome? {
        if case .outcomeUnknown = error {
            return step.isResolvable ? .outcomeUnknown(problem) : .outcomeUnknownForGood(problem)
        }
        if isInDoubt {
            // That its reading failed says nothing about the step; that another value is there does.
            if error.isRetryable { return .failedSafely(problem) }
            guard case .verificationFailed = error else { return .outcomeUnknownForGood(problem) }
        } else if error.isRetryable, !hasChanged, stopsOnError {
            return .failedSafely(problem)
        }
        if stopsOnError {
            return journal.done.isEmpty ? .failed(problem) : .failedInPart(problem, result: result)
        }
        failure = failure ?? problem
        var writer = JSONWriter(reservingCapacity: document.count + 20)
        writer.beginObject()
        writer.name("problem")
        writer.raw(document)
        writer.endObject()
        complete(with: writer.takeOctets())
        return nil
    }

    /// A step was not permitted; nothing of it was sent.
    func stopped(
        by refusal: TransmissionRefusal,
        problem: (GatewayError) -> ExecutionProblem
    ) -> ExecutionOutcome {
        guard hasChanged, refusal == .cancelled || refusal == .expired else { return .refused(refusal) }
        let state = refusal == .cancelled ? "cancelled" : "expired"
        return .failedInPart(problem(.wrongState(job: "", state: state, operation: "go on with")), result: result)
    }

    /// What comes of it after all steps.
    var outcome: ExecutionOutcome {
        if let failure { return .failedInPart(failure, result: result) }
        // An order of one step that is no list has its own form.
        switch order {
        case .read, .profileRead, .clockSync: return .succeeded(result: journal.done.first ?? [])
        default: return .succeeded(result: result)
        }
    }
}
