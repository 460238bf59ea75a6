// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Reads the typed form of a compact-array: the description of an element and the elements.
enum CompactArrayReader {
    static func read(_ object: JSONObject, at pointer: JSONPointer, depth: Int) throws(ValueError) -> CompactArray {
        let place = pointer.appending("description")
        guard let value = object["description"] else {
            throw TypedReader.missing("description", "the type of an element", object, pointer)
        }
        let type = try description(value, at: place, depth: depth)
        let items = try TypedReader.items(of: object, at: pointer, depth: depth)
        var writer = OctetWriter()
        for (index, item) in items.enumerated() {
            guard encode(item, as: type, into: &writer) else {
                throw .malformed(
                    at: pointer.appending("items").appending(index),
                    reason: "does not have the type of the description"
                )
            }
        }
        do {
            return try CompactArray(elementType: type, contents: writer.octets)
        } catch {
            throw .malformed(at: pointer, reason: "no compact-array can hold this: \(error)")
        }
    }

    private static func description(
        _ value: JSONValue,
        at pointer: JSONPointer,
        depth: Int
    ) throws(ValueError) -> TypeDescription {
        guard depth < DLMSData.deepestNesting, let object = value.object, let type = TypedReader.type(of: object) else {
            throw .malformed(at: pointer, reason: "an object with the \"type\" of an element is needed")
        }
        switch type {
        case .array:
            guard let count: UInt16 = object["count"]?.number?.exactInteger(), let element = object["element"] else {
                throw .malformed(at: pointer, reason: "an array needs \"count\" and \"element\"")
            }
            let place = pointer.appending("element")
            return .array(count: count, element: try description(element, at: place, depth: depth + 1))
        case .structure:
            guard let items = object["items"]?.array else {
                throw TypedReader.missing("items", "an array", object, pointer)
            }
            var members: [TypeDescription] = []
            for (index, item) in items.enumerated() {
                let place = pointer.appending("items").appending(index)
                members.append(try description(item, at: place, depth: depth + 1))
            }
            return .structure(members)
        case .compactArray: throw .malformed(at: pointer, reason: "a compact-array cannot be an element of another")
        default: return .simple(type)
        }
    }

    /// Writes an element without tags; false if it does not fit the description.
    private static func encode(_ data: DLMSData, as type: TypeDescription, into writer: inout OctetWriter) -> Bool {
        switch (type, data) {
        case (.simple(let tag), _):
            guard data.dataTag == tag else { return false }
            writer.write(contentsOf: data.octets.dropFirst())
            return true
        case (.array(let count, let element), .array(let items)):
            return items.count == Int(count) && items.allSatisfy { encode($0, as: element, into: &writer) }
        case (.structure(let members), .structure(let items)):
            return items.count == members.count
                && zip(members, items).allSatisfy { encode($0.1, as: $0.0, into: &writer) }
        default: return false
        }
    }
}
