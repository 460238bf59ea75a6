// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A strict view of one object: every member is asked for by name, and what nobody asked for is refused at the end.
///
/// In the getters called `optional…`, `null` counts as absent; ``optionalValue(_:)`` tells the two apart.
///
/// ```swift
/// var members = try JSONMembers(body)
/// let host = try members.requiredString("host")
/// let port = try members.optionalInteger("port", in: 1...65535) ?? 4059
/// try members.finish()
/// ```
public struct JSONMembers: Sendable {
    /// The place of the object in the text.
    public let pointer: JSONPointer
    private let object: JSONObject
    private var known: [String] = []

    /// Views a value that must be an object.
    ///
    /// - Parameter example: such an object, for whoever sent something else.
    /// - Throws: ``JSONMemberError`` `.wrongKind` if it is none.
    public init(
        _ value: JSONValue,
        at pointer: JSONPointer = .root,
        suchAs example: String? = nil
    ) throws(JSONMemberError) {
        guard let object = value.object else {
            let expected = "an object" + (example.map { " such as \($0)" } ?? "")
            throw JSONMemberError(.wrongKind(expected: expected, found: value.kindInWords), at: pointer)
        }
        self.object = object
        self.pointer = pointer
    }

    /// The names that are there, in their order.
    public var names: [String] { object.names }

    /// Refuses what was not asked for, with the nearest name that was.
    ///
    /// - Throws: ``JSONMemberError`` `.unknownMember` for the first such member.
    public func finish() throws(JSONMemberError) {
        for name in object.names where !known.contains(name) {
            throw JSONMemberError(
                .unknownMember(name: name, suggestion: nearest(name, in: known), known: known.sorted()),
                at: pointer.appending(name)
            )
        }
    }

    // MARK: Any value

    /// The member's value as it stands, `null` included; nil if there is no such member.
    public mutating func optionalValue(_ name: String) -> JSONValue? {
        known.append(name)
        return object[name]
    }

    /// The member's value as it stands.
    ///
    /// - Throws: ``JSONMemberError`` `.missingMember`.
    public mutating func requiredValue(_ name: String) throws(JSONMemberError) -> JSONValue {
        guard let value = optionalValue(name) else { throw missing(name) }
        return value
    }

    // MARK: Optional members

    /// The member's text, nil if absent or `null`.
    public mutating func optionalString(_ name: String) throws(JSONMemberError) -> String? {
        guard let value = present(name) else { return nil }
        guard let text = value.string else { throw wrongKind(name, "a string", value) }
        return text
    }

    /// The member's truth value, nil if absent or `null`.
    public mutating func optionalBool(_ name: String) throws(JSONMemberError) -> Bool? {
        guard let value = present(name) else { return nil }
        guard let flag = value.bool else { throw wrongKind(name, "true or false", value) }
        return flag
    }

    /// The member's number with its exact text, nil if absent or `null`.
    public mutating func optionalNumber(_ name: String) throws(JSONMemberError) -> JSONNumber? {
        guard let value = present(name) else { return nil }
        guard let number = value.number else { throw wrongKind(name, "a number", value) }
        return number
    }

    /// The member's integer within the given range (by default that of the type), nil if absent or `null`.
    public mutating func optionalInteger<Integer: FixedWidthInteger & Sendable>(
        _ name: String,
        in range: ClosedRange<Integer> = Integer.min...Integer.max
    ) throws(JSONMemberError) -> Integer? {
        guard let number = try optionalNumber(name) else { return nil }
        guard let value = number.exactInteger(as: Integer.self), range.contains(value) else {
            let allowed = "an integer from \(range.lowerBound) to \(range.upperBound)"
            throw JSONMemberError(.outOfRange(allowed: allowed), at: pointer.appending(name))
        }
        return value
    }

    /// The member's word as one of an enumeration's raw values, nil if absent or `null`; a misspelt word gets the nearest one.
    public mutating func optionalChoice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Choice.Type = Choice.self
    ) throws(JSONMemberError) -> Choice? where Choice.RawValue == String {
        guard let text = try optionalString(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue)
            throw JSONMemberError(
                .invalid(expected: "one of \(words.joined(separator: ", "))", suggestion: nearest(text, in: words)),
                at: pointer.appending(name)
            )
        }
        return choice
    }

    /// The member's items, nil if absent or `null`.
    public mutating func optionalArray(_ name: String) throws(JSONMemberError) -> [JSONValue]? {
        guard let value = present(name) else { return nil }
        guard let items = value.array else { throw wrongKind(name, "an array", value) }
        return items
    }

    /// The member's strings, nil if absent or `null`.
    public mutating func optionalStrings(_ name: String) throws(JSONMemberError) -> [String]? {
        guard let items = try optionalArray(name) else { return nil }
        var strings: [String] = []
        for (index, item) in items.enumerated() {
            guard let text = item.string else {
                throw JSONMemberError(
                    .wrongKind(expected: "a string", found: item.kindInWords),
                    at: pointer.appending(name).appending(index)
                )
            }
            strings.append(text)
        }
        return strings
    }

    /// The member's own members, nil if absent or `null`; call `finish()` on the result too.
    public mutating func optionalMembers(_ name: String) throws(JSONMemberError) -> JSONMembers? {
        guard let value = present(name) else { return nil }
        return try JSONMembers(value, at: pointer.appending(name))
    }

    // MARK: Required members

    /// The member's text.
    public mutating func requiredString(_ name: String) throws(JSONMemberError) -> String {
        guard let value = try optionalString(name) else { throw missing(name) }
        return value
    }

    /// The member's truth value.
    public mutating func requiredBool(_ name: String) throws(JSONMemberError) -> Bool {
        guard let value = try optionalBool(name) else { throw missing(name) }
        return value
    }

    /// The member's integer within the given range (by default that of the type).
    public mutating func requiredInteger<Integer: FixedWidthInteger & Sendable>(
        _ name: String,
        in range: ClosedRange<Integer> = Integer.min...Integer.max
    ) throws(JSONMemberError) -> Integer {
        guard let value = try optionalInteger(name, in: range) else { throw missing(name) }
        return value
    }

    /// The member's word as one of an enumeration's raw values.
    public mutating func requiredChoice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Choice.Type = Choice.self
    ) throws(JSONMemberError) -> Choice where Choice.RawValue == String {
        guard let value = try optionalChoice(name, of: type) else { throw missing(name) }
        return value
    }

    /// The member's items.
    public mutating func requiredArray(_ name: String) throws(JSONMemberError) -> [JSONValue] {
        guard let value = try optionalArray(name) else { throw missing(name) }
        return value
    }

    /// The member's own members; call `finish()` on the result too.
    public mutating func requiredMembers(_ name: String) throws(JSONMemberError) -> JSONMembers {
        guard let value = try optionalMembers(name) else { throw missing(name) }
        return value
    }

    // MARK: Private

    private mutating func present(_ name: String) -> JSONValue? {
        guard let value = optionalValue(name), !value.isNull else { return nil }
        return value
    }

    /// A member that nobody asked for and that is nearly named so is misspelt rather than the other one missing.
    private func missing(_ name: String) -> JSONMemberError {
        guard let misspelt = nearest(name, in: object.names.filter({ !known.contains($0) })) else {
            return JSONMemberError(.missingMember(name: name), at: pointer)
        }
        return JSONMemberError(
            .unknownMember(name: misspelt, suggestion: name, known: []),
            at: pointer.appending(misspelt)
        )
    }

    private func wrongKind(_ name: String, _ expected: String, _ found: JSONValue) -> JSONMemberError {
        JSONMemberError(.wrongKind(expected: expected, found: found.kindInWords), at: pointer.appending(name))
    }
}
