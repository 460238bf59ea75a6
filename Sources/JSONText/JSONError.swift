// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a text is not acceptable JSON, and where; the sender of the text is at fault.
public struct JSONError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// The text ends before the value does.
        case unexpectedEnd
        /// An octet that cannot stand here.
        case unexpectedOctet(UInt8)
        /// Something follows the one value.
        case trailingOctets
        /// A number that RFC 8259 §6 does not allow, such as `01` or `1.`.
        case malformedNumber
        /// A control character below U+0020 inside a string.
        case controlCharacter
        /// A backslash followed by what is no escape.
        case malformedEscape
        /// Half of a surrogate pair, which is no character.
        case loneSurrogate
        /// A string that is not UTF-8.
        case invalidUTF8
        /// A member name that comes twice in one object.
        case duplicateName(String)
        /// More objects and arrays inside each other than allowed.
        case tooDeep(limit: Int)
        /// More octets than allowed, for the whole text or for one number.
        case tooLong(limit: Int)
    }

    /// What is wrong.
    public let kind: Kind
    /// Octets before the fault.
    public let offset: Int
    /// The line of the fault, from 1.
    public let line: Int
    /// The character of the fault in its line, from 1.
    public let column: Int
    /// The value in which the fault lies.
    public let pointer: JSONPointer
}

extension JSONError: CustomStringConvertible {
    /// One sentence for the sender: what is wrong and where.
    public var description: String {
        let place = pointer.text.isEmpty ? "" : ", in \(pointer.text)"
        return "\(kind) at line \(line), column \(column)\(place)"
    }
}

extension JSONError.Kind: CustomStringConvertible {
    /// What is wrong in words.
    public var description: String {
        switch self {
        case .unexpectedEnd: "the text ends too early"
        case .unexpectedOctet(let octet) where (0x21...0x7E).contains(octet):
            "unexpected '\(Character(Unicode.Scalar(octet)))'"
        case .unexpectedOctet(let octet): "unexpected octet 0x\(String(octet, radix: 16))"
        case .trailingOctets: "something follows the value"
        case .malformedNumber: "malformed number"
        case .controlCharacter: "control character in a string"
        case .malformedEscape: "malformed escape in a string"
        case .loneSurrogate: "half of a surrogate pair in a string"
        case .invalidUTF8: "a string that is not UTF-8"
        case .duplicateName(let name): "the member '\(name)' comes twice"
        case .tooDeep(let limit): "nested deeper than \(limit)"
        case .tooLong(let limit): "longer than \(limit) octets"
        }
    }
}
