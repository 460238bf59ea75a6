// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import JSONText
import Timekeeping

/// Invokes methods, each once.
struct MethodInvoker: Sendable {
    let exchange: MeterExchange
    let objects: ObjectDirectory
    let clock: any WallClock

    /// A method about to be invoked.
    struct Pending: Sendable {
        let command: MethodCommand
        let object: MeterObject
        let index: Int8
        let target: ObjectTarget
        let parameter: DLMSData?
        let timings: ExchangeTimings
    }

    /// Invokes one method.
    ///
    /// - Throws: ``GatewayError/ordersOnly(_:)`` for the disconnector.
    func invoke(
        _ command: MethodCommand,
        for errand: MeterErrand
    ) async throws(GatewayError) -> MethodOutcome {
        let pending = try await prepare(command, for: errand)
        return try await carryOut(pending, for: errand)
    }

    /// Finds the method and makes sure that it may be invoked; nothing is sent that changes the meter.
    ///
    /// - Throws: ``GatewayError/ordersOnly(_:)`` for the disconnector.
    func prepare(
        _ command: MethodCommand,
        for errand: MeterErrand
    ) async throws(GatewayError) -> Pending {
        var timings = ExchangeTimings.none
        // The list is asked for even when the caller names the class, so that a wrong class is no way around the check.
        let answer = try await objects.list(for: errand, freshness: .usual)
        timings += answer.timings
        let found = try AttributeResolver(memory: errand.memory, list: answer.list)
            .method(command.method, of: command.object, classID: command.classID)
        let object = found.object
        let target = object.target(.method(found.index), of: errand.memory.id)
        guard object.classID != SupplyGuard.disconnectControl else { throw .ordersOnly(target) }
        return Pending(
            command: command,
            object: object,
            index: found.index,
            target: target,
            parameter: try Self.parameter(command.parameter, object.model?.method(found.index), target),
            timings: timings
        )
    }

    /// Invokes what was prepared, unless it is only tried.
    func carryOut(
        _ pending: Pending,
        for errand: MeterErrand
    ) async throws(GatewayError) -> MethodOutcome {
        let object = pending.object
        var timings = pending.timings
        var returned: DLMSData?
        var invokedAt: Timestamp?
        if !pending.command.isDryRun {
            let answer = try await exchange.perform(
                .action(object.method(pending.index), pending.parameter),
                for: errand
            )
            timings += answer.timings
            errand.memory.forgetValues()
            let action = try answer.actionOutcome()
            guard action.result == .success else { throw GatewayError(action.result, pending.target) }
            returned = action.returned.flatMap { try? $0.value() }
            invokedAt = clock.now()
        }
        return MethodOutcome(
            object: object,
            methodIndex: pending.index,
            returned: returned,
            isDryRun: pending.command.isDryRun,
            association: errand.association,
            invokedAt: invokedAt,
            timings: timings
        )
    }

    /// The parameter to send: what the caller gives, or the integer 0 that methods without a parameter are sent
    /// (Blue Book: `data ::= integer (0)`).
    private static func parameter(
        _ value: JSONValue?,
        _ method: MethodModel?,
        _ target: ObjectTarget
    ) throws(GatewayError) -> DLMSData? {
        let shape = method?.parameter ?? .any
        guard let value else { return shape.types == [.integer] ? .integer(0) : nil }
        return try AttributeWriter.data(
            of: value,
            at: "/parameter",
            ValueReader(context: ValueContext(shape: shape)),
            target
        )
    }
}
