// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The place of a value inside a JSON text, by RFC 6901; empty means the whole text.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
    /// The pointer as text, such as `/items/0/object`.
    public let text: String

    /// The whole text.
    public static let root = JSONPointer("")

    /// Takes a pointer that is escaped already.
    public init(_ text: String) {
        self.text = text
    }

    /// Takes a pointer that is escaped already.
    public init(stringLiteral value: String) {
        text = value
    }

    /// The place of the member of that name below this one.
    public func appending(_ name: String) -> JSONPointer {
        var escaped = text + "/"
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~": escaped += "~0"
            case "/": escaped += "~1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return JSONPointer(escaped)
    }

    /// The place of the array item with that index below this one.
    public func appending(_ index: Int) -> JSONPointer {
        JSONPointer("\(text)/\(index)")
    }

    /// The pointer as text.
    public var description: String { text }
}
