// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The pattern of a route's path: literal segments, `{name}` for one segment, and `{name*}` at the end for all that are left.
public struct RoutePattern: Hashable, Sendable, CustomStringConvertible {
    enum Segment: Hashable, Sendable {
        case literal(String)
        case parameter(String)
        case rest(String)
    }

    /// The pattern as written, such as `/meters/{id}`.
    public let text: String
    let segments: [Segment]
    /// The names of its parameters in their order.
    public let parameterNames: [String]

    /// Takes a pattern as written.
    public init(_ text: String) {
        precondition(text.hasPrefix("/"), "a route pattern begins with a slash: \(text)")
        self.text = text
        segments = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("*") ? .rest(String(name.dropLast())) : .parameter(String(name))
        }
        parameterNames = segments.compactMap { segment in
            switch segment {
            case .literal: nil
            case .parameter(let name), .rest(let name): name
            }
        }
    }

    /// The pattern as written.
    public var description: String { text }
}
