// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The tag of one version of a representation (RFC 9110 §8.8.3).
public struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// What stands between the quotes; visible ASCII without the quote.
    public let opaque: String
    /// Whether equal tags promise only equal meaning, not equal octets.
    public let isWeak: Bool

    /// Makes a tag.
    public init(_ opaque: String, isWeak: Bool = false) {
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// The tag as written in a header field.
    public var description: String { (isWeak ? "W/\"" : "\"") + opaque + "\"" }

    /// Whether `If-None-Match` names this version, so that 304 is the answer to a GET; weak comparison.
    public func matchesIfNoneMatch(_ headers: HTTPHeaders) -> Bool {
        headers.list("If-None-Match").contains { $0 == "*" || Self.opaquePart(of: $0) == opaque }
    }

    /// Whether `If-Match` names this version, so that a write may go on; nil without such a field; strong comparison.
    public func matchesIfMatch(_ headers: HTTPHeaders) -> Bool? {
        let tags = headers.list("If-Match")
        guard !tags.isEmpty else { return nil }
        return tags.contains { $0 == "*" || (!isWeak && $0 == description) }
    }

    private static func opaquePart(of text: String) -> String? {
        let quoted = text.hasPrefix("W/") ? String(text.dropFirst(2)) : text
        guard quoted.count >= 2, quoted.hasPrefix("\""), quoted.hasSuffix("\"") else { return nil }
        return String(quoted.dropFirst().dropLast())
    }
}
