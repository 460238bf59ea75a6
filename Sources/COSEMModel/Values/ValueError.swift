// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// Why a JSON value could not become a COSEM value; the caller of the API is at fault.
public enum ValueError: Error, Hashable, Sendable {
    /// The type cannot be guessed: the class model does not say it and nothing has been read yet.
    case typeRequired(at: JSONPointer)
    /// The value is of another kind than the target; `expected` and `found` are in words.
    case typeMismatch(at: JSONPointer, expected: String, found: String)
    /// The number does not fit the type, or is not a whole multiple of the register's resolution.
    case outOfRange(at: JSONPointer, expected: String)
    /// The value is not well-formed.
    case malformed(at: JSONPointer, reason: String)

    /// Where in the JSON value the fault lies.
    public var pointer: JSONPointer {
        switch self {
        case .typeRequired(let pointer), .typeMismatch(let pointer, _, _), .outOfRange(let pointer, _),
            .malformed(let pointer, _):
            pointer
        }
    }

    /// What the caller can do about it.
    public var hint: String {
        switch self {
        case .typeRequired:
            "Send the typed form, such as {\"type\":\"double-long-unsigned\",\"value\":1}; read with ?form=typed to see it."
        case .typeMismatch(_, let expected, _): "Send \(expected), or the typed form to choose another type."
        case .outOfRange(_, let expected): "Send \(expected)."
        case .malformed: "Read the attribute to see a value in its right form."
        }
    }
}

extension ValueError: CustomStringConvertible {
    /// A sentence for people, with the place.
    public var description: String {
        let place = pointer.text.isEmpty ? "the value" : "\(pointer)"
        switch self {
        case .typeRequired: return "\(place): the type of the target is not known"
        case .typeMismatch(_, let expected, let found): return "\(place): \(expected) expected, \(found) found"
        case .outOfRange(_, let expected): return "\(place): does not fit, \(expected) expected"
        case .malformed(_, let reason): return "\(place): \(reason)"
        }
    }
}
