// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Whole members in one call.
extension JSONWriter {
    /// Writes a member that is a string, or `null` if there is none.
    public mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a member that is an integer, or `null` if there is none.
    @inlinable
    public mutating func member<Integer: FixedWidthInteger>(_ name: StaticString, _ value: Integer?) {
        self.name(name)
        if let value { integer(value) } else { null() }
    }

    /// Writes a member that is true or false, or `null` if unknown.
    public mutating func member(_ name: StaticString, _ value: Bool?) {
        self.name(name)
        if let value { bool(value) } else { null() }
    }

    /// Writes a member that is a floating-point number, or `null` if there is none or it is not finite.
    public mutating func member(_ name: StaticString, _ value: Double?) {
        self.name(name)
        if let value { number(value) } else { null() }
    }

    /// Writes a member that is an array of strings.
    public mutating func member(_ name: StaticString, _ values: [String]) {
        self.name(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    /// Writes a member that is an array of objects, one for each item.
    ///
    /// - Parameter writeMembers: writes the members of the object for an item.
    @inlinable
    public mutating func member<Items: Sequence>(
        _ name: StaticString,
        _ items: Items,
        _ writeMembers: (Items.Element, inout JSONWriter) -> Void
    ) {
        self.name(name)
        beginArray()
        for item in items {
            beginObject()
            writeMembers(item, &self)
            endObject()
        }
        endArray()
    }

    /// Writes a member that is any JSON value.
    public mutating func member(_ name: StaticString, _ value: JSONValue) {
        self.name(name)
        self.value(value)
    }

    /// Writes a JSON value with all that is in it; numbers keep their exact text.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .number(let exact): number(text: exact.text)
        case .string(let text): string(text)
        case .array(let items):
            beginArray()
            for item in items { self.value(item) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                self.name(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }
}
