// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import Jobs
import Timekeeping

extension OrderHandler {
    /// How long to leave a meter alone that works on an image.
    private static let pause = Duration.seconds(10)

    /// Goes on with a firmware transfer; everything before the activation may be repeated at will.
    func transferFirmware(
        _ order: FirmwareOrder,
        _ execution: ExecutionRecord,
        _ wishes: Gateway.Wishes,
        in context: ExecutionContext
    ) async -> ExecutionOutcome {
        do {
            let step = try await gateway.transferFirmware(
                order,
                to: execution.target,
                wishes,
                permit: { try await context.permitTransmission() },
                isCancelled: { context.isCancelRequested },
                report: { await context.reportProgress(representation.progress($0)) }
            )
            switch step {
            case .done(let outcome):
                return succeeded(execution.target) { representation.result(of: outcome, meter: $0) }
            case .later(let progress):
                await context.reportProgress(representation.progress(progress))
                let waiting = GatewayError.meterBusy(try gateway.meterID(execution.target))
                return .postponed(until: gateway.clock.now() + Self.pause, problem(waiting))
            }
        } catch let refusal as TransmissionRefusal {
            return .refused(refusal)
        } catch is CancellationError {
            return .refused(.cancelled)
        } catch let error as GatewayError {
            // Blocks and the rest are taken up again; the meter tells what it has.
            return error.leavesTransferOpen ? .failedSafely(problem(error)) : .failed(problem(error))
        } catch {
            return failure(.internal(reason: "\(error)"))
        }
    }

    /// Replaces secrets; when an earlier attempt may have sent them, finds out which the meter has.
    func changeSecrets(
        _ message: SecretChange.Message,
        _ execution: ExecutionRecord,
        _ wishes: Gateway.Wishes,
        in context: ExecutionContext
    ) async -> ExecutionOutcome {
        do {
            let change = try await gateway.secretChange(message, execution.target, wishes)
            let outcome = try await change.run(hasSent: execution.hasTransmitted) {
                try await context.permitTransmission()
            }
            return succeeded(execution.target) { representation.result(of: outcome, meter: $0) }
        } catch let refusal as TransmissionRefusal {
            return .refused(refusal)
        } catch let error as GatewayError {
            // Of what was never sent the outcome is known.
            if case .secretsPending = error, execution.hasTransmitted || context.wasPermitted {
                return .outcomeUnknown(problem(error))
            }
            return failure(error)
        } catch {
            return failure(.internal(reason: "\(error)"))
        }
    }

    private func succeeded(_ target: String, _ result: (MeterID) -> [UInt8]) -> ExecutionOutcome {
        guard let meter = MeterID(target) else { return failure(.meterUnknown(text: target)) }
        return .succeeded(result: result(meter))
    }
}
