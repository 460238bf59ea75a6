// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A request method; any token is one, the usual ones have names.
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The method as written in the request line; case matters.
    public let rawValue: String

    /// Takes a method as written.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Whether the method is a token, as it must be (RFC 9110 §9.1).
    public var isWellFormed: Bool { HTTPFieldText.isToken(rawValue) }

    /// The method as written in the request line.
    public var description: String { rawValue }

    /// Read a representation.
    public static let get = HTTPMethod(rawValue: "GET")
    /// Read only the head of what GET would give.
    public static let head = HTTPMethod(rawValue: "HEAD")
    /// Create something or start an action.
    public static let post = HTTPMethod(rawValue: "POST")
    /// Create or replace what the path names.
    public static let put = HTTPMethod(rawValue: "PUT")
    /// Change parts of what the path names.
    public static let patch = HTTPMethod(rawValue: "PATCH")
    /// Remove what the path names.
    public static let delete = HTTPMethod(rawValue: "DELETE")
    /// Ask which methods a path has.
    public static let options = HTTPMethod(rawValue: "OPTIONS")
}
