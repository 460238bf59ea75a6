// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// Attribute 0, which stands for all attributes of an object (IEC 62056-5-3).
extension SimulatedMeter {
    /// A structure of all attributes in their order; those that the client may not see are null-data.
    func allAttributes(
        of object: ObjectDefinition,
        _ request: AttributeRequest,
        for client: ServedClient
    ) -> GetResult {
        guard client.conformance.contains(.attribute0WithGet) else { return .failure(.objectUndefined) }
        guard request.selectiveAccess == nil else { return .failure(.scopeOfAccessViolated) }
        let indices = object.attributes.map(\.index)
        var values: [DLMSData] = []
        for index in 1...(indices.max() ?? 1) {
            var single = request
            single.descriptor.attributeID = index
            let value = try? get(single, for: client).value()
            values.append(value ?? .nullData)
        }
        return .data(DLMSData.structure(values).octets)
    }

    /// Writes the attributes whose values in a structure are not null-data; the first refusal ends it.
    func setAllAttributes(
        of object: ObjectDefinition,
        _ request: AttributeRequest,
        to value: DLMSData,
        for client: ServedClient
    ) -> DataAccessResult {
        guard client.conformance.contains(.attribute0WithSet) else { return .objectUndefined }
        guard case .structure(let values) = value, values.count <= object.attributes.count else {
            return .typeUnmatched
        }
        for (offset, value) in values.enumerated() where value != .nullData {
            var single = request
            single.descriptor.attributeID = Int8(truncatingIfNeeded: offset + 1)
            // The logical name never changes, and may be given.
            if offset == 0, get(single, for: client) == .data(value.octets) { continue }
            let result = set(single, to: value, for: client)
            guard result == .success else { return result }
        }
        return .success
    }
}
