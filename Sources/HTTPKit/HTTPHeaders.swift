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

        fileprivate var isWellFormed: Bool {
            HTTPFieldText.isToken(name) && HTTPFieldText.isFieldValue(value)
        }
    }

    /// The fields in their order.
    public private(set) var fields: [Field]
    /// Whether all names are tokens and no value holds a control character but the tab (RFC 9110 §5.5); anything else could
    /// end a header early and smuggle in another.
    ///
    /// Kept with every change, so that fields that are sent again are not looked through again.
    public private(set) var areWellFormed: Bool

    /// Makes headers of fields.
    public init(_ fields: [Field] = []) {
        self.fields = fields
        areWellFormed = fields.allSatisfy(\.isWellFormed)
    }

    /// The value of the first field of that name.
    public subscript(name: String) -> String? {
        fields.first { Self.areEqual($0.name, name) }?.value
    }

    /// How many fields have that name.
    public func count(of name: String) -> Int {
        fields.count { Self.areEqual($0.name, name) }
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
        let field = Field(name: name, value: value)
        fields.append(field)
        areWellFormed = areWellFormed && field.isWellFormed
    }

    /// Replaces all fields of that name by one.
    public mutating func set(_ name: String, _ value: String) {
        if fields.contains(where: { Self.areEqual($0.name, name) }) { remove(name) }
        add(name, value)
    }

    /// Removes all fields of that name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.areEqual($0.name, name) }
        areWellFormed = areWellFormed || fields.allSatisfy(\.isWellFormed)
    }

    /// Makes room for that many fields.
    public mutating func reserveCapacity(_ count: Int) {
        fields.reserveCapacity(count)
    }

    /// Whether two field names are the same: ASCII letters of either case are equal.
    public static func areEqual(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        var (left, right) = (left, right)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                left.indices.allSatisfy {
                    HTTPFieldText.lowercased(left[$0]) == HTTPFieldText.lowercased(right[$0])
                }
            }
        }
    }
}
