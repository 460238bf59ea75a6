// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What was wrong with octets that came from outside, and where.
///
/// The peer is at fault: it sent something the standard does not allow, or the octets were cut or damaged on the way.
public struct DecodeError: Error, Hashable, Sendable {
    /// The kind of fault.
    public enum Reason: Hashable, Sendable {
        /// The octets ended before the value did.
        case truncated(needed: Int, remaining: Int)
        /// A tag that names no known type or APDU.
        case unknownTag(UInt8)
        /// An alternative number that the CHOICE does not have.
        case unknownChoice(UInt8)
        /// A length that cannot be right here.
        case invalidLength(Int)
        /// A count larger than the octets left could hold.
        case countTooLarge(Int)
        /// Values nested deeper than accepted.
        case nestedTooDeep(limit: Int)
        /// Octets left over after a complete value.
        case trailingOctets(Int)
        /// A value outside of what the field allows.
        case invalidValue(Int)
        /// A field that must be there is not, or has another shape.
        case missingField(tag: UInt8)
        /// A check sequence that differs from the one of the octets received.
        case checkFailed(received: Int, computed: Int)
    }

    /// The kind of fault.
    public var reason: Reason
    /// Where it was found, in octets from the start of the input.
    public var offset: Int
    /// The field that was being decoded, in the standard's words.
    public var what: String

    /// Makes an error of a reason at an offset.
    public init(_ reason: Reason, at offset: Int, what: String) {
        self.reason = reason
        self.offset = offset
        self.what = what
    }

    /// The same error in octets that start later in the input.
    func moved(by distance: Int) -> DecodeError {
        DecodeError(reason, at: offset + distance, what: what)
    }

    /// Whether more octets could have made the input valid.
    public var isTruncation: Bool {
        if case .truncated = reason { true } else { false }
    }
}

extension DecodeError: CustomStringConvertible {
    /// A sentence for people, with field and offset.
    public var description: String {
        let fault =
            switch reason {
            case .truncated(let needed, let remaining): "needs \(needed) octets, \(remaining) left"
            case .unknownTag(let tag): "unknown tag \(Hexadecimal.text(of: [tag]))"
            case .unknownChoice(let choice): "unknown choice \(choice)"
            case .invalidLength(let length): "length \(length) is not possible"
            case .countTooLarge(let count): "count \(count) is more than the octets left can hold"
            case .nestedTooDeep(let limit): "nested deeper than \(limit) levels"
            case .trailingOctets(let count): "\(count) octets left over"
            case .invalidValue(let value): "value \(value) is not allowed"
            case .missingField(let tag): "field \(Hexadecimal.text(of: [tag])) is missing or malformed"
            case .checkFailed(let received, let computed):
                "received \(String(received, radix: 16)), computed \(String(computed, radix: 16))"
            }
        return "\(what) at octet \(offset): \(fault)"
    }
}
