// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// What a value to be written must look like, from the class model and from the value read last.
extension Shape {
    /// The shape of a value, without names.
    init(of data: DLMSData) {
        switch data {
        case .array(let items): self = .array(items.first.map { Shape(of: $0) } ?? .any)
        case .structure(let items):
            self = .structure(
                items.enumerated().map { Member(name: String($0.offset), shape: Shape(of: $0.element)) }
            )
        case .nullData, .dontCare: self = .any
        default: self = .simple(data.dataTag, .plain)
        }
    }

    /// The shape with the types that the value read last has: meters choose among the types a class allows.
    func refined(by last: DLMSData?) -> Shape {
        guard let last else { return self }
        switch (self, last) {
        case (_, .nullData), (_, .dontCare): return self
        case (.any, _): return Shape(of: last)
        case (.simple(_, let meaning), _): return .simple(last.dataTag, meaning)
        case (.array(let element), .array(let items)): return .array(element.refined(by: items.first))
        case (.structure(let members), .structure(let items)) where members.count == items.count:
            return .structure(
                zip(members, items).map { Member(name: $0.0.name, shape: $0.0.shape.refined(by: $0.1)) }
            )
        case (.structure(let members), .structure) where members.isEmpty: return Shape(of: last)
        case (.array, _), (.structure, _): return self
        case (.choice(let shapes), _):
            return shapes.first { $0.types.contains(last.dataTag) }?.refined(by: last) ?? self
        }
    }

    /// Whether a structure of this shape has a member of that name.
    func hasMember(_ name: String) -> Bool {
        switch self {
        case .structure(let members): members.contains { $0.name == name }
        case .choice(let shapes): shapes.contains { $0.hasMember(name) }
        case .any, .simple, .array: false
        }
    }
}
