// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import JSONText
import Timekeeping

extension JSONMembers {
    /// A duration in ISO 8601 form within a range; nil when absent.
    mutating func optionalDuration(
        _ name: String,
        in range: ClosedRange<Duration>
    ) throws(JSONMemberError) -> Duration? {
        guard let text = try optionalString(name) else { return nil }
        guard let duration = Duration(iso8601: text) else {
            throw JSONMemberError(
                .invalid(expected: "a duration such as PT10S", suggestion: nil),
                at: pointer.appending(name)
            )
        }
        guard range.contains(duration) else {
            let allowed = "from \(range.lowerBound.iso8601) to \(range.upperBound.iso8601)"
            throw JSONMemberError(.outOfRange(allowed: allowed), at: pointer.appending(name))
        }
        return duration
    }

    /// A text that passes a check; nil when absent.
    mutating func optionalText(
        _ name: String,
        _ expected: String,
        where isGood: (String) -> Bool
    ) throws(JSONMemberError) -> String? {
        guard let text = try optionalString(name) else { return nil }
        guard isGood(text) else {
            throw JSONMemberError(.invalid(expected: expected, suggestion: nil), at: pointer.appending(name))
        }
        return text
    }

    /// A text that passes a check.
    mutating func requiredText(
        _ name: String,
        _ expected: String,
        where isGood: (String) -> Bool
    ) throws(JSONMemberError) -> String {
        guard let text = try optionalText(name, expected, where: isGood) else {
            // Tells of a misspelt one in its place, too.
            return try requiredString(name)
        }
        return text
    }

    /// An identifier; nil when absent.
    mutating func optionalIdentifier<Subject>(
        _ name: String
    ) throws(JSONMemberError) -> Identifier<Subject>? {
        guard let text = try optionalString(name) else { return nil }
        guard let identifier = Identifier<Subject>(text) else {
            let expected = "1 to 64 of the characters A-Z a-z 0-9 . _ ~ -"
            throw JSONMemberError(.invalid(expected: expected, suggestion: nil), at: pointer.appending(name))
        }
        return identifier
    }

    /// A secret; nil when absent.
    mutating func optionalSecret(
        _ name: String,
        _ decoding: SecretDecoding
    ) throws(JSONMemberError) -> Secret? {
        guard let value = optionalValue(name), !value.isNull else { return nil }
        return try decoding.secret(value, at: pointer.appending(name))
    }

    /// A fault at one of the members.
    func fault(_ name: String, _ expected: String) -> JSONMemberError {
        JSONMemberError(.invalid(expected: expected, suggestion: nil), at: pointer.appending(name))
    }
}

/// Checks of single texts.
enum TextCheck {
    /// Whether a text has no control characters and not more than that many characters, as JSON Schema counts them.
    static func isPlain(_ text: String, upTo limit: Int) -> Bool {
        text.unicodeScalars.count <= limit && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Whether a text could be a host name or an address.
    static func isHost(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: ":"), UInt8(ascii: "%"):
                true
            default: false
            }
        }
    }

    /// Whether a text is shaped like an IANA time zone name.
    static func isTimeZone(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "/") else { return false }
        return text.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "+"):
                true
            default: false
            }
        }
    }
}
