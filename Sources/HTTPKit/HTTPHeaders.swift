// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Header fields in their order; names compare without regard to case, one name may come several times.
public struct HTTPHeaders: Hashable, Sendable {
    /// One field line.
    public struct Field: Hashable, Sendable {
        /// The name as written.
        public let name: String
        /// The value without surrounding space.
        public let value: String

        /// Makes a field.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The fields in their order.
    public private(set) var fields: [Field]

    /// Makes headers of fields.
    public init(_ fields: [Field] = []) {
        self.fields = fields
    }

    /// The value of the first field of that name.
    public subscript(name: String) -> String? {
        fields.first { Self.areEqual($0.name, name) }?.value
    }

    /// The values of all fields of that name in their order.
    public func all(_ name: String) -> [String] {
        fields.lazy.filter { Self.areEqual($0.name, name) }.map(\.value)
    }

    /// The elements of a comma-separated list field, from all lines of that name; commas inside quotes do not count.
    public func list(_ name: String) -> [String] {
        all(name).flatMap { HTTPFieldText.elements($0, separator: UInt8(ascii: ",")) }
    }

    /// Appends a field.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Replaces all fields of that name by one.
    public mutating func set(_ name: String, _ value: String) {
        if self[name] != nil { remove(name) }
        add(name, value)
    }

    /// Removes all fields of that name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.areEqual($0.name, name) }
    }

    /// Makes room for that many fields.
    public mutating func reserveCapacity(_ count: Int) {
        fields.reserveCapacity(count)
    }

    /// Whether all names are tokens and no value holds a control character but the tab (RFC 9110 §5.5); anything else could
    /// end a header early and smuggle in another.
    public var areWellFormed: Bool {
        fields.allSatisfy { field in
            !field.name.isEmpty && field.name.utf8.allSatisfy(HTTPFieldText.isToken)
                && field.value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 }
        }
    }

    /// Whether two field names are the same: ASCII letters of either case are equal.
    static func areEqual(_ left: String, _ right: String) -> Bool {
        let leftOctets = left.utf8
        let rightOctets = right.utf8
        guard leftOctets.count == rightOctets.count else { return false }
        return zip(leftOctets, rightOctets).allSatisfy { HTTPFieldText.lowercased($0) == HTTPFieldText.lowercased($1) }
    }
}
