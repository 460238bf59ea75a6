// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Synchronization

/// Objects in memory: any attribute that was stored can be read and written, method 1 returns its parameter.
final class TestMeter: ObjectServer {
    private struct Content {
        var values: [AttributeDescriptor: [UInt8]] = [:]
        var terms: [UInt16: AssociationTerms] = [:]
        var reads = 0
        var invocations = 0
    }

    private let content = Mutex(Content())

    init(terms: [UInt16: AssociationTerms] = [16: AssociationTerms()]) {
        content.withLock { $0.terms = terms }
    }

    func setTerms(_ terms: AssociationTerms, for client: UInt16) {
        content.withLock { $0.terms[client] = terms }
    }

    var reads: Int { content.withLock { $0.reads } }

    var invocations: Int { content.withLock { $0.invocations } }

    func store(_ value: DLMSData, at request: AttributeRequest) {
        content.withLock { $0.values[request.descriptor] = value.octets }
    }

    func stored(at request: AttributeRequest) -> DLMSData? {
        content.withLock { $0.values[request.descriptor].flatMap { try? DLMSData(octets: $0) } }
    }

    func association(for client: ClientAddress) -> AssociationTerms? {
        content.withLock { $0.terms[client.clientSAP] }
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        content.withLock {
            $0.reads += 1
            return $0.values[request.descriptor].map { .data($0) } ?? .failure(.objectUndefined)
        }
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        content.withLock {
            guard $0.values[request.descriptor] != nil else { return .objectUndefined }
            $0.values[request.descriptor] = value.octets
            return .success
        }
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        content.withLock { $0.invocations += 1 }
        guard method.methodID == 1 else { return ActionOutcome(result: .objectUndefined) }
        return ActionOutcome(result: .success, returned: parameter.map { .data($0.octets) })
    }
}
