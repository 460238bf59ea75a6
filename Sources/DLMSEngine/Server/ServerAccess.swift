// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Answers ACCESS requests, item by item in their order.
enum ServerAccess {
    /// The answer; nil for a request that lacks values.
    static func answer(
        _ request: AccessRequest,
        client: ServedClient,
        _ objects: any ObjectServer
    ) -> [UInt8]? {
        guard request.data.count == request.specifications.count else { return nil }
        var data = OctetWriter()
        var results: [AccessResponse.Result] = []
        var isBroken = false
        for (specification, value) in zip(request.specifications, request.data) {
            // What is left out after an error still has its place in both lists.
            let (result, octets) =
                isBroken ? (specification.otherReason, nil) : carryOut(specification, value, client, objects)
            results.append(result)
            data.write(contentsOf: octets ?? DLMSData.nullData.octets)
            if request.invoke.breaksOnError, !result.isSuccess { isBroken = true }
        }
        var writer = OctetWriter()
        writer.write(0xDA as UInt8)
        request.invoke.encode(into: &writer)
        writer.writeLength(0)
        writer.write(request.invoke.isSelfDescriptive)
        if request.invoke.isSelfDescriptive {
            writer.writeLength(request.specifications.count)
            for specification in request.specifications { specification.encode(into: &writer) }
        }
        writer.writeLength(results.count)
        writer.write(contentsOf: data.octets)
        writer.writeLength(results.count)
        for result in results { result.encode(into: &writer) }
        return writer.octets
    }

    private static func carryOut(
        _ specification: AccessSpecification,
        _ value: DLMSData,
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> (AccessResponse.Result, [UInt8]?) {
        func get(_ request: AttributeRequest) -> (AccessResponse.Result, [UInt8]?) {
            switch objects.get(request, for: client) {
            case .data(let octets): (.get(.success), octets)
            case .failure(let reason): (.get(reason), nil)
            }
        }
        switch specification {
        case .get(let attribute): return get(AttributeRequest(attribute))
        case .getWithSelection(let attribute, let selection):
            return get(AttributeRequest(attribute, selectiveAccess: selection))
        case .set(let attribute): return (.set(objects.set(AttributeRequest(attribute), to: value, for: client)), nil)
        case .setWithSelection(let attribute, let selection):
            let request = AttributeRequest(attribute, selectiveAccess: selection)
            return (.set(objects.set(request, to: value, for: client)), nil)
        case .action(let method):
            let outcome = objects.invoke(method, parameter: value == .nullData ? nil : value, for: client)
            guard case .data(let octets)? = outcome.returned else { return (.action(outcome.result), nil) }
            return (.action(outcome.result), octets)
        }
    }
}

extension AccessSpecification {
    /// The result of an item that was not carried out.
    fileprivate var otherReason: AccessResponse.Result {
        switch self {
        case .get, .getWithSelection: .get(.otherReason)
        case .set, .setWithSelection: .set(.otherReason)
        case .action: .action(.otherReason)
        }
    }
}

extension AccessResponse.Result {
    /// Whether the item was carried out.
    fileprivate var isSuccess: Bool {
        switch self {
        case .get(let result), .set(let result): result == .success
        case .action(let result): result == .success
        }
    }
}
