// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why an object does not have the members that were expected; the sender of the text is at fault.
public struct JSONMemberError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// A member that nothing here knows, with the nearest name that is known, and all that are.
        case unknownMember(name: String, suggestion: String?, known: [String])
        /// A member that must be there and is not.
        case missingMember(name: String)
        /// A value of another kind than expected, both in words such as "a string".
        case wrongKind(expected: String, found: String)
        /// A number outside the range of the member, or with a fraction where there must be none.
        case outOfRange(allowed: String)
        /// A value of the right kind that is not one of the allowed ones, malformed, or at odds with other members; `expected` says what may stand here.
        case invalid(expected: String, suggestion: String? = nil)
    }

    /// What is wrong.
    public let kind: Kind
    /// The place of the fault: the member itself, or the object for a missing member.
    public let pointer: JSONPointer

    /// Whether the object has the shape that was expected, and only a value in it cannot be used.
    public var isOfValue: Bool {
        switch kind {
        case .outOfRange, .invalid: true
        case .unknownMember, .missingMember, .wrongKind: false
        }
    }

    /// Makes an error.
    public init(_ kind: Kind, at pointer: JSONPointer) {
        self.kind = kind
        self.pointer = pointer
    }

    /// The nearest allowed word for a misspelt one, if there is one near.
    public var suggestion: String? {
        switch kind {
        case .unknownMember(_, let suggestion, _), .invalid(_, let suggestion): suggestion
        case .missingMember, .wrongKind, .outOfRange: nil
        }
    }
}

extension JSONMemberError: CustomStringConvertible {
    /// One sentence for the sender: what is wrong and where.
    public var description: String {
        let place = pointer.text.isEmpty ? "the body" : pointer.text
        return switch kind {
        case .unknownMember(let name, _, _): "unknown member '\(name)' at \(place)"
        case .missingMember(let name): "the member '\(name)' is missing in \(place)"
        case .wrongKind(let expected, let found): "\(place) must be \(expected), not \(found)"
        case .outOfRange(let allowed): "\(place) must be \(allowed)"
        case .invalid(let expected, _): "\(place) must be \(expected)"
        }
    }
}
