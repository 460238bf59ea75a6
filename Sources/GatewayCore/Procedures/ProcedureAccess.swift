// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Fleet

/// One meter in one association, for procedures of several exchanges.
struct ProcedureAccess: Sendable {
    let exchange: MeterExchange
    let objects: ObjectDirectory
    let memory: MeterMemory
    let association: String
    let priority: UInt8
    /// When the procedure has to be over.
    let deadline: ContinuousClock.Instant
    /// On whose behalf.
    let caller: String

    /// One exchange, which waits no longer than for the connection, the association, and the answer with its blocks.
    private var step: MeterErrand {
        let timeouts = memory.record.configuration.timeouts
        return errand(within: timeouts.connect + timeouts.response * 8)
    }

    /// A part of the procedure that may take so long, if there is as much time left.
    func errand(within longest: Duration) -> MeterErrand {
        let budget = WaitBudget(min(longest, max(deadline - .now, .zero)), caller: caller)
        return MeterErrand(memory: memory, association: association, budget: budget, priority: priority)
    }

    /// The object of a class that the association shows: the one of that name, else the first; with its version.
    ///
    /// - Throws: ``GatewayError/objectUndefined(_:_:)`` when there is none.
    func object(
        of classID: UInt16,
        named name: OBISCode?,
        usually usual: OBISCode
    ) async throws(GatewayError)
        -> MeterObject
    {
        let answer = try await objects.list(for: step, freshness: .usual)
        let listed = answer.list.entries.filter { $0.classID == classID }
        let entry =
            if let name { listed.first { $0.logicalName == name } } else {
                listed.first { $0.logicalName == usual } ?? listed.first
            }
        guard let entry else {
            throw .objectUndefined(ObjectTarget(meter: memory.id, object: name ?? usual, classID: classID), nil)
        }
        return MeterObject(logicalName: entry.logicalName, classID: classID, version: entry.version)
    }

    /// Reads attributes of one object; what the meter refuses is a result of its own.
    func read(
        _ indexes: [Int8],
        of object: MeterObject
    ) async throws(GatewayError) -> [Int8: Result<DLMSData, GatewayError>] {
        try await readTimed(indexes, of: object).values
    }

    /// Reads attributes of one object and tells how long the exchange with the meter took.
    func readTimed(
        _ indexes: [Int8],
        of object: MeterObject
    ) async throws(GatewayError) -> (values: [Int8: Result<DLMSData, GatewayError>], exchange: Duration) {
        let requests = indexes.map { AttributeRequest(object.attribute($0)) }
        let answer = try await exchange.perform(.get(requests), for: step)
        var values: [Int8: Result<DLMSData, GatewayError>] = [:]
        for (index, result) in zip(indexes, try answer.values(of: indexes.count)) {
            let target = target(object, .attribute(index))
            switch result {
            case .failure(let reason):
                values[index] = .failure(
                    GatewayError(reason, to: "get", target, name: "attribute \(index)", isListed: nil)
                )
            case .data(let octets):
                do throws(DecodeError) {
                    values[index] = .success(try DLMSData(octets: octets))
                } catch {
                    throw .protocolError(memory.id, reason: "its value of \(target) cannot be read: \(error)")
                }
            }
        }
        return (values, answer.timings.exchange)
    }

    /// Reads one attribute.
    func read(_ index: Int8, of object: MeterObject) async throws(GatewayError) -> DLMSData {
        guard let value = try await read([index], of: object)[index] else {
            throw .internal(reason: "a GET has no result")
        }
        return try value.get()
    }

    /// Asks for an attribute only to see whether the meter answers in the association; any answer will do.
    func touch(_ attribute: AttributeDescriptor) async throws(GatewayError) {
        _ = try await exchange.perform(.get([AttributeRequest(attribute)]), for: step)
    }

    /// Writes one attribute.
    func write(_ data: DLMSData, to index: Int8, of object: MeterObject) async throws(GatewayError) {
        let request = AttributeRequest(object.attribute(index))
        defer { memory.forgetValues() }
        let result = try await exchange.perform(.set([AttributeWrite(request, value: data)]), for: step).writeResult()
        guard result == .success else {
            let target = target(object, .attribute(index))
            throw GatewayError(result, to: "set", target, name: "attribute \(index)", isListed: nil)
        }
    }

    /// Invokes a method; nil in place of what it returned when it returned nothing.
    @discardableResult
    func invoke(
        _ index: Int8,
        of object: MeterObject,
        _ parameter: DLMSData = .integer(0)
    ) async throws(GatewayError) -> DLMSData? {
        defer { memory.forgetValues() }
        let outcome = try await exchange.perform(.action(object.method(index), parameter), for: step).actionOutcome()
        guard outcome.result == .success else { throw GatewayError(outcome.result, target(object, .method(index))) }
        return outcome.returned.flatMap { try? $0.value() }
    }

    func target(_ object: MeterObject, _ member: ObjectTarget.Member) -> ObjectTarget {
        object.target(member, of: memory.id)
    }
}
