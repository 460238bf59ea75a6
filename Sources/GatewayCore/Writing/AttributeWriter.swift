// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet
import JSONText
import Timekeeping

/// Writes attributes: reads before, writes once, reads back.
struct AttributeWriter: Sendable {
    let exchange: MeterExchange
    let reader: AttributeReader
    let clock: any WallClock
    let metrics: GatewayMetrics
    let pushLists: PushLists
    let turns = WriteTurns()

    /// A write about to be sent, with what is known before.
    private struct Pending: Sendable {
        let command: WriteCommand
        let object: MeterObject
        let index: Int8
        let target: ObjectTarget
        let value: DLMSData
        let context: ValueContext
        let before: DLMSData?
        let timings: ExchangeTimings

        /// A clock has moved on when it is read back.
        var movesOn: Bool { object.classID == 8 && index == 2 }

        func outcome(
            in association: String,
            after: DLMSData? = nil,
            isVerified: Bool = false,
            writtenAt: Timestamp? = nil,
            timings: ExchangeTimings
        ) -> WriteOutcome {
            WriteOutcome(
                object: object,
                attributeIndex: index,
                value: value,
                context: context,
                before: before,
                after: after,
                isWritten: writtenAt != nil,
                isVerified: isVerified,
                isDryRun: command.isDryRun,
                association: association,
                writtenAt: writtenAt,
                timings: timings
            )
        }
    }

    /// Writes one attribute; until it is read back nobody else writes to its object.
    func write(
        _ command: WriteCommand,
        for errand: MeterErrand
    ) async throws(GatewayError) -> WriteOutcome {
        try await turns.take(command.query.object, for: errand)
        defer { turns.give(command.query.object, for: errand) }
        let pending = try await prepare(command, for: errand)
        return try await carryOut(pending, for: errand)
    }

    /// Writes one attribute as ``write(_:for:)`` does, and asks for permission right before it is sent.
    func write(
        _ command: WriteCommand,
        for errand: MeterErrand,
        permit: () async throws -> Void
    ) async throws -> WriteOutcome {
        try await turns.take(command.query.object, for: errand)
        defer { turns.give(command.query.object, for: errand) }
        let pending = try await prepare(command, for: errand)
        if !command.isDryRun { try await permit() }
        return try await carryOut(pending, for: errand)
    }

    /// Reads what is there before a write, and makes sure that the value fits; nothing is changed.
    private func prepare(
        _ command: WriteCommand,
        for errand: MeterErrand
    ) async throws(GatewayError) -> Pending {
        var timings = ExchangeTimings.none
        let before = try await present(command.query, for: errand, timings: &timings)
        guard let object = before.object, let index = before.attributeIndex else {
            throw before.result.failure ?? .internal(reason: "an attribute was not found")
        }
        let target = object.target(.attribute(index), of: errand.memory.id)
        let reading = try? before.result.get()
        let context = reading?.context ?? Self.context(object, index)
        let values = ValueReader(context: context, lastRead: reading?.data)
        let value = try Self.data(of: command.value, at: "/value", values, target)
        if let expectation = command.expectation {
            let expected = try Self.data(of: expectation, at: "/expect", values, target)
            guard let reading else { throw before.result.failure ?? .expectationFailed(target) }
            guard reading.data == expected else { throw .expectationFailed(target) }
        }
        return Pending(
            command: command,
            object: object,
            index: index,
            target: target,
            value: value,
            context: context,
            before: reading?.data,
            timings: timings
        )
    }

    /// Writes what was prepared and reads it back.
    private func carryOut(
        _ pending: Pending,
        for errand: MeterErrand
    ) async throws(GatewayError) -> WriteOutcome {
        var timings = pending.timings
        guard !pending.command.isDryRun else { return pending.outcome(in: errand.association, timings: timings) }
        try await set(pending, for: errand, timings: &timings)
        let writtenAt = clock.now()
        errand.memory.forgetValues()
        await pushLists.note(pending.value, writtenTo: pending.object, index: pending.index, of: errand.memory.id)
        var after: DLMSData?
        if pending.command.verifies {
            after = try await verify(pending, for: errand, timings: &timings)
        }
        return pending.outcome(
            in: errand.association,
            after: after,
            isVerified: after == pending.value,
            writtenAt: writtenAt,
            timings: timings
        )
    }

    /// Finds out by reading whether a write took effect whose answer was lost; writes nothing.
    ///
    /// - Throws: ``GatewayError/verificationFailed(_:)`` when another value is there,
    ///   ``GatewayError/outcomeUnknown(_:operation:)`` when reading cannot tell.
    func resolve(
        _ command: WriteCommand,
        for errand: MeterErrand
    ) async throws(GatewayError) -> WriteOutcome {
        var command = command
        // What was expected before need not be there any more.
        command.expectation = nil
        let pending = try await prepare(command, for: errand)
        // What moved on or cannot be read tells nothing.
        guard let present = pending.before, !pending.movesOn else {
            throw .outcomeUnknown(errand.memory.id, operation: "set")
        }
        guard present == pending.value else { throw .verificationFailed(pending.target) }
        return WriteOutcome(
            object: pending.object,
            attributeIndex: pending.index,
            value: pending.value,
            context: pending.context,
            before: nil,
            after: present,
            isWritten: true,
            isVerified: true,
            isDryRun: false,
            association: errand.association,
            writtenAt: nil,
            timings: pending.timings
        )
    }

    private func present(
        _ query: AttributeQuery,
        for errand: MeterErrand,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) -> ReadAnswer.Outcome {
        let answer = try await reader.read([query], for: errand, freshness: .live)
        timings += answer.timings
        guard let outcome = answer.outcomes.first else { throw .internal(reason: "a read has no outcome") }
        return outcome
    }

    private func set(
        _ pending: Pending,
        for errand: MeterErrand,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) {
        let (object, index) = (pending.object, pending.index)
        let write = AttributeWrite(AttributeRequest(object.attribute(index)), value: pending.value)
        let answer: MeterExchange.Answer
        do throws(GatewayError) {
            answer = try await exchange.perform(.set([write]), for: errand)
        } catch {
            errand.memory.forgetValues()
            throw error
        }
        timings += answer.timings
        metrics.octets.increment(MetricLabels("out"), by: UInt64(pending.value.octets.count))
        let result = try answer.writeResult()
        guard result == .success else {
            let entry = errand.memory.objectList(errand.association)?.entries(object.logicalName)
                .first { $0.classID == object.classID }
            throw GatewayError(
                result,
                to: "set",
                pending.target,
                name: "attribute \(index)",
                isListed: entry?.lists(attribute: index)
            )
        }
    }

    /// Reads back; nil when the meter does not let the attribute be read.
    private func verify(
        _ pending: Pending,
        for errand: MeterErrand,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) -> DLMSData? {
        let outcome: ReadAnswer.Outcome
        do throws(GatewayError) {
            outcome = try await present(pending.command.query, for: errand, timings: &timings)
        } catch {
            // The write itself was confirmed; only the proof is missing.
            return nil
        }
        guard let after = try? outcome.result.get().data else { return nil }
        guard after == pending.value || pending.movesOn else { throw .verificationFailed(pending.target) }
        return after
    }

    static func context(_ object: MeterObject, _ index: Int8) -> ValueContext {
        .attribute(
            classID: object.classID,
            version: object.version,
            logicalName: object.logicalName,
            index: index
        )
    }

    static func data(
        of value: JSONValue,
        at pointer: JSONPointer,
        _ values: ValueReader,
        _ target: ObjectTarget
    ) throws(GatewayError) -> DLMSData {
        do throws(ValueError) {
            return try values.data(from: value, at: pointer)
        } catch {
            switch error {
            case .typeRequired: throw .typeRequired(target)
            case .typeMismatch, .malformed: throw .typeMismatch(target, nil, reason: "\(error)")
            case .outOfRange(let pointer, let expected):
                throw .valueOutOfRange(pointer: pointer, allowed: expected)
            }
        }
    }
}

extension Result {
    /// The failure, nil for a success.
    var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
