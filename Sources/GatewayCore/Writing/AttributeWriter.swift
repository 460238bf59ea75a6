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

    /// Writes one attribute.
    func write(
        _ command: WriteCommand,
        of memory: MeterMemory,
        association: String,
        within budget: WaitBudget,
        priority: UInt8
    ) async throws(GatewayError) -> WriteOutcome {
        var timings = ExchangeTimings.none
        let before = try await present(
            command.query,
            of: memory,
            association: association,
            within: budget,
            priority: priority,
            timings: &timings
        )
        guard let object = before.object, let index = before.attributeIndex else {
            throw before.result.failure ?? .internal(reason: "an attribute was not found")
        }
        let target = ObjectTarget(
            meter: memory.id,
            object: object.logicalName,
            classID: object.classID,
            member: .attribute(index)
        )
        let reading = try? before.result.get()
        let context = reading?.context ?? Self.context(object, index)
        let values = ValueReader(context: context, lastRead: reading?.data)
        let value = try Self.data(of: command.value, at: "/value", values, target)
        if let expectation = command.expectation {
            let expected = try Self.data(of: expectation, at: "/expect", values, target)
            guard let reading else { throw before.result.failure ?? .expectationFailed(target) }
            guard reading.data == expected else { throw .expectationFailed(target) }
        }
        var outcome = Outcome(before: reading?.data)
        if !command.isDryRun {
            try await set(
                value,
                target,
                object,
                index,
                of: memory,
                association: association,
                within: budget,
                priority: priority,
                timings: &timings
            )
            outcome.writtenAt = clock.now()
            memory.forgetValues()
            if command.verifies {
                outcome.after = try await verify(
                    value,
                    command.query,
                    object,
                    index,
                    target,
                    of: memory,
                    association: association,
                    within: budget,
                    priority: priority,
                    timings: &timings
                )
            }
        }
        return WriteOutcome(
            object: object,
            attributeIndex: index,
            value: value,
            context: context,
            before: outcome.before,
            after: outcome.after,
            isWritten: outcome.writtenAt != nil,
            isVerified: outcome.after == value,
            isDryRun: command.isDryRun,
            association: association,
            writtenAt: outcome.writtenAt,
            timings: timings
        )
    }

    private struct Outcome {
        var before: DLMSData?
        var after: DLMSData?
        var writtenAt: Timestamp?
    }

    private func present(
        _ query: AttributeQuery,
        of memory: MeterMemory,
        association: String,
        within budget: WaitBudget,
        priority: UInt8,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) -> ReadAnswer.Outcome {
        let answer = try await reader.read(
            [query],
            of: memory,
            association: association,
            freshness: .live,
            within: budget,
            priority: priority
        )
        timings += answer.timings
        guard let outcome = answer.outcomes.first else { throw .internal(reason: "a read has no outcome") }
        return outcome
    }

    private func set(
        _ value: DLMSData,
        _ target: ObjectTarget,
        _ object: MeterObject,
        _ index: Int8,
        of memory: MeterMemory,
        association: String,
        within budget: WaitBudget,
        priority: UInt8,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) {
        let request = AttributeRequest(
            AttributeDescriptor(
                classID: object.classID,
                instanceID: object.logicalName,
                attributeID: index
            )
        )
        let answer: MeterExchange.Answer
        do throws(GatewayError) {
            answer = try await exchange.perform(
                .set([AttributeWrite(request, value: value)]),
                in: association,
                of: memory,
                within: budget,
                priority: priority
            )
        } catch {
            memory.forgetValues()
            throw error
        }
        timings += answer.timings
        metrics.octets.increment(MetricLabels("out"), by: UInt64(value.octets.count))
        guard case .set(let results) = answer.response, let result = results.first else {
            throw .internal(reason: "a SET was answered by another service")
        }
        guard result == .success else {
            let entry = memory.objectList(association)?.entries(object.logicalName)
                .first { $0.classID == object.classID }
            throw GatewayError(
                result,
                to: "set",
                target,
                name: "attribute \(index)",
                isListed: entry?.lists(attribute: index)
            )
        }
    }

    /// Reads back; nil when the meter does not let the attribute be read.
    private func verify(
        _ value: DLMSData,
        _ query: AttributeQuery,
        _ object: MeterObject,
        _ index: Int8,
        _ target: ObjectTarget,
        of memory: MeterMemory,
        association: String,
        within budget: WaitBudget,
        priority: UInt8,
        timings: inout ExchangeTimings
    ) async throws(GatewayError) -> DLMSData? {
        let outcome: ReadAnswer.Outcome
        do throws(GatewayError) {
            outcome = try await present(
                query,
                of: memory,
                association: association,
                within: budget,
                priority: priority,
                timings: &timings
            )
        } catch {
            // The write itself was confirmed; only the proof is missing.
            return nil
        }
        guard let after = try? outcome.result.get().data else { return nil }
        // A clock has moved on when it is read back.
        let movesOn = object.classID == 8 && index == 2
        guard after == value || movesOn else { throw .verificationFailed(target) }
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
