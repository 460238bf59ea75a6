// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Identifies one state of a record; the text of its strong entity tag (RFC 9110 §8.8.3), without the quotes.
///
/// Each write draws a new one at random, so that a record deleted and made again does not match its old tags.
public struct Revision: Hashable, Sendable, CustomStringConvertible {
    /// The tag's text.
    public let text: String

    /// Takes a tag's text, as a store or a caller gives it.
    public init(_ text: String) {
        self.text = text
    }

    /// Draws a new one.
    public static func next() -> Revision {
        Revision(String(UInt64.random(in: 0...UInt64.max), radix: 36))
    }

    /// The tag's text.
    public var description: String { text }
}
