// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import JSONText

/// Makes COSEM values of JSON: of the typed form always, of the friendly form when the target's type is known.
public struct ValueReader: Sendable {
    /// What is known about the target.
    public let context: ValueContext
    private let shape: Shape

    /// Makes a reader for one target.
    /// - Parameters:
    ///   - context: What class model and scaler_unit say about it.
    ///   - lastRead: The value read last, whose type is taken where the model leaves it open.
    public init(context: ValueContext, lastRead: DLMSData? = nil) {
        self.context = context
        shape = context.shape.refined(by: lastRead)
    }

    /// Reads one value.
    ///
    /// An object whose `type` names a COSEM type is the typed form; everything else is the friendly form.
    /// - Parameters:
    ///   - value: The JSON value.
    ///   - pointer: Where it stands in the request, for error messages.
    /// - Throws: `ValueError` with the place of the fault.
    public func data(from value: JSONValue, at pointer: JSONPointer = .root) throws(ValueError) -> DLMSData {
        if context.quantity != .none, case .simple(let type, _) = shape, type.isNumeric,
            value.object.flatMap({ TypedReader.type(of: $0) }) == nil
        {
            return try quantity(value, type: type, at: pointer)
        }
        return try data(value, shape: shape, at: pointer, depth: 0)
    }

    private func data(
        _ value: JSONValue,
        shape: Shape,
        at pointer: JSONPointer,
        depth: Int
    ) throws(ValueError) -> DLMSData {
        guard depth < DLMSData.deepestNesting else { throw .malformed(at: pointer, reason: "nested too deep") }
        if let object = value.object, object["type"] != nil, !shape.hasMember("type") {
            return try TypedReader.data(value, at: pointer, depth: depth)
        }
        switch shape {
        case .any: throw .typeRequired(at: pointer)
        case .simple(let type, let meaning):
            return try SimpleValueReader(type: type, meaning: meaning, context: context).data(value, at: pointer)
        case .array(let element):
            guard let items = value.array else {
                throw .typeMismatch(at: pointer, expected: "an array", found: value.kindInWords)
            }
            var values: [DLMSData] = []
            for (index, item) in items.enumerated() {
                values.append(try data(item, shape: element, at: pointer.appending(index), depth: depth + 1))
            }
            return .array(values)
        case .structure(let members): return try structure(value, members: members, at: pointer, depth: depth)
        case .choice(let shapes):
            var firstFault: ValueError?
            for shape in shapes {
                do {
                    return try data(value, shape: shape, at: pointer, depth: depth)
                } catch {
                    firstFault = firstFault ?? error
                }
            }
            throw firstFault ?? .typeRequired(at: pointer)
        }
    }

    private func structure(
        _ value: JSONValue,
        members: [Shape.Member],
        at pointer: JSONPointer,
        depth: Int
    ) throws(ValueError) -> DLMSData {
        guard !members.isEmpty else { throw .typeRequired(at: pointer) }
        var values: [DLMSData] = []
        switch value {
        case .array(let items):
            guard items.count == members.count else {
                throw .typeMismatch(
                    at: pointer,
                    expected: "\(members.count) members",
                    found: "\(items.count)"
                )
            }
            for (index, member) in members.enumerated() {
                values.append(
                    try data(items[index], shape: member.shape, at: pointer.appending(index), depth: depth + 1)
                )
            }
        case .object(let object):
            let names = members.map(\.name)
            for name in object.names where !names.contains(name) {
                let like = nearest(name, in: names).map { ", did you mean \"\($0)\"?" } ?? ""
                throw .malformed(at: pointer.appending(name), reason: "unknown member\(like)")
            }
            for member in members {
                let place = pointer.appending(member.name)
                guard let item = object[member.name] else {
                    throw .typeMismatch(at: place, expected: "a value", found: "nothing")
                }
                values.append(try data(item, shape: member.shape, at: place, depth: depth + 1))
            }
        case .null, .bool, .number, .string:
            throw .typeMismatch(
                at: pointer,
                expected: "an object with \(members.map(\.name).joined(separator: ", "))",
                found: value.kindInWords
            )
        }
        return .structure(values)
    }
}
