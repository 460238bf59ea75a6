// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Picks meters by their labels: requirements that must all hold, such as `region=north,model!=test`.
///
/// | form | holds for a meter |
/// |---|---|
/// | `key=value` | whose label has this value |
/// | `key!=value` | whose label has another value, or that lacks the label |
/// | `key` | that has the label |
/// | `!key` | that lacks the label |
public struct LabelSelector: Hashable, Sendable {
    /// One condition on one label.
    public enum Requirement: Hashable, Sendable {
        /// The label has this value.
        case equals(key: String, value: String)
        /// The label has another value or is not there.
        case differs(key: String, value: String)
        /// The label is there.
        case exists(key: String)
        /// The label is not there.
        case isAbsent(key: String)
    }

    /// The conditions, all of which must hold; none picks every meter.
    public let requirements: [Requirement]

    /// Makes a selector of its conditions.
    public init(_ requirements: [Requirement] = []) {
        self.requirements = requirements
    }

    /// Reads the text form; nil when it is malformed.
    ///
    /// Blanks around keys and values do not count.
    public init?(_ text: some StringProtocol) {
        var requirements: [Requirement] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let requirement = Self.requirement(Self.trimmed(part)) else { return nil }
            requirements.append(requirement)
        }
        self.requirements = requirements
    }

    /// Whether labels satisfy all conditions.
    public func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .equals(let key, let value): labels[key] == value
            case .differs(let key, let value): labels[key] != value
            case .exists(let key): labels[key] != nil
            case .isAbsent(let key): labels[key] == nil
            }
        }
    }

    /// Whether a text may be the key of a label: up to 63 letters, digits and `. _ / -`, beginning with a letter or digit.
    public static func isKey(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 63, isAlphanumeric(first) else { return false }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "._/-".utf8.contains($0) }
    }

    /// Whether a text may be the value of a label: up to 128 characters without control characters, `,`, `=` and `!`.
    public static func isValue(_ text: some StringProtocol) -> Bool {
        text.unicodeScalars.count <= 128
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && !",=!".utf8.contains($0) }
    }

    private static func requirement(_ text: some StringProtocol) -> Requirement? {
        guard let mark = text.firstIndex(where: { $0 == "=" || $0 == "!" }) else {
            return isKey(text) ? .exists(key: String(text)) : nil
        }
        let head = text[..<mark]
        let tail = text[text.index(after: mark)...]
        if text[mark] == "!", head.isEmpty {
            let key = trimmed(tail)
            return isKey(key) ? .isAbsent(key: String(key)) : nil
        }
        let key = trimmed(head)
        guard isKey(key), text[mark] == "=" || tail.first == "=" else { return nil }
        let isNegated = text[mark] == "!"
        // Both `=` and `==` mean equality.
        let value = trimmed(tail.first == "=" ? tail.dropFirst() : tail[...])
        guard isValue(value) else { return nil }
        return isNegated
            ? .differs(key: String(key), value: String(value)) : .equals(key: String(key), value: String(value))
    }

    private static func trimmed<Text: StringProtocol>(_ text: Text) -> Substring {
        var rest = Substring(text)
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return rest
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            false
        }
    }
}

extension LabelSelector: CustomStringConvertible {
    /// The text form.
    public var description: String {
        requirements.map { requirement in
            switch requirement {
            case .equals(let key, let value): "\(key)=\(value)"
            case .differs(let key, let value): "\(key)!=\(value)"
            case .exists(let key): key
            case .isAbsent(let key): "!\(key)"
            }
        }
        .joined(separator: ",")
    }
}
