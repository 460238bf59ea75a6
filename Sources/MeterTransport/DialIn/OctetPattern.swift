// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A text with gaps, with which the octets that a modem sends are compared.
///
/// | written | stands for |
/// |---|---|
/// | `{}` | one or more printable characters: the identity; once at most |
/// | `*` | any number of printable characters |
/// | `\r`, `\n`, `\t`, `\0` | carriage return, line feed, tabulator, zero octet |
/// | `\xHH` | the octet with this hexadecimal number |
/// | `\` and another character | that character |
///
/// A gap ends where the text behind it first occurs.
public struct OctetPattern: Hashable, Sendable {
    /// Why a text is no pattern.
    public enum Fault: Error, Hashable, Sendable {
        /// A backslash at the end, or without the hexadecimal digits it needs.
        case escape
        /// Two gaps without any text between them, so that nobody knows where the first ends.
        case adjoiningGaps
        /// More than one gap for the identity.
        case severalIdentities
        /// Nothing at all.
        case empty
    }

    enum Part: Hashable, Sendable {
        case octets([UInt8])
        case gap(isIdentity: Bool)
    }

    /// What came of comparing the beginning of a stream.
    enum PrefixMatch: Hashable, Sendable {
        /// The stream begins with so many octets that fit.
        case complete(Int)
        /// All octets fit so far.
        case partial
        /// It does not fit.
        case none
    }

    /// The most octets that fit a pattern.
    static let longest = 256

    /// The pattern as it was written.
    public let text: String
    let parts: [Part]

    /// Reads a pattern.
    ///
    /// - Throws: `OctetPattern.Fault`.
    public init(_ text: String) throws(Fault) {
        self.text = text
        parts = try Self.parts(of: Array(text.utf8))
    }

    /// Whether it says where the identity stands.
    public var hasIdentity: Bool { parts.contains(.gap(isIdentity: true)) }

    /// Whether its end is known by itself, so that it can be found in a stream.
    public var hasEnd: Bool {
        if case .octets? = parts.last { true } else { false }
    }

    private static func parts(of octets: [UInt8]) throws(Fault) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = octets[...]
        while let octet = rest.popFirst() {
            let isGap: Bool
            switch octet {
            case UInt8(ascii: "\\"):
                literal.append(try escaped(&rest))
                continue
            case UInt8(ascii: "*"): isGap = true
            case UInt8(ascii: "{"): isGap = rest.first == UInt8(ascii: "}")
            default: isGap = false
            }
            guard isGap else {
                literal.append(octet)
                continue
            }
            let isIdentity = octet != UInt8(ascii: "*")
            if isIdentity { rest.removeFirst() }
            if !literal.isEmpty { parts.append(.octets(literal)) }
            literal = []
            if case .gap? = parts.last { throw .adjoiningGaps }
            guard !isIdentity || !parts.contains(.gap(isIdentity: true)) else { throw .severalIdentities }
            parts.append(.gap(isIdentity: isIdentity))
        }
        if !literal.isEmpty { parts.append(.octets(literal)) }
        guard !parts.isEmpty else { throw .empty }
        return parts
    }

    private static func escaped(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> UInt8 {
        guard let octet = rest.popFirst() else { throw .escape }
        switch octet {
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "0"): return 0
        case UInt8(ascii: "x"):
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw .escape
            }
            rest.removeFirst(2)
            return value
        default: return octet
        }
    }

    /// The identity in a line that fits as a whole, without blanks around it; nil when the line does not fit.
    public func identity(in line: [UInt8]) -> String? {
        var identity: ArraySlice<UInt8> = []
        var position = 0
        for (index, part) in parts.enumerated() {
            switch part {
            case .octets(let literal):
                guard line[position...].starts(with: literal) else { return nil }
                position += literal.count
            case .gap(let isIdentity):
                guard let end = gapEnd(after: index, line, position) else { return nil }
                guard line[position..<end].allSatisfy(Self.isPrintable) else { return nil }
                if isIdentity { identity = line[position..<end] }
                position = end
            }
        }
        guard position == line.count else { return nil }
        let text = identity.trimmed
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    /// Compares the beginning of a stream, of which more may come.
    func matchPrefix(of stream: ArraySlice<UInt8>) -> PrefixMatch {
        let stream = stream.prefix(Self.longest)
        var position = stream.startIndex
        for (index, part) in parts.enumerated() {
            switch part {
            case .octets(let literal):
                let present = stream[position...].prefix(literal.count)
                guard literal.starts(with: present) else { return .none }
                guard present.count == literal.count else { return .partial }
                position += literal.count
            case .gap:
                guard case .octets(let next)? = parts[(index + 1)...].first else { return .none }
                let end = stream[position...].firstOccurrence(of: next)
                let gap = stream[position..<(end ?? stream.endIndex)]
                guard let end else {
                    // The beginning of the text behind the gap may have come, which need not be printable.
                    let isOpen = gap.drop(while: Self.isPrintable).count < next.count
                    return isOpen && stream.count < Self.longest ? .partial : .none
                }
                guard gap.allSatisfy(Self.isPrintable) else { return .none }
                position = end
            }
        }
        return .complete(position - stream.startIndex)
    }

    private func gapEnd(after index: Int, _ line: [UInt8], _ position: Int) -> Int? {
        guard case .octets(let next)? = parts[(index + 1)...].first else { return line.count }
        guard index + 2 == parts.count else { return line[position...].firstOccurrence(of: next) }
        let end = line.count - next.count
        return end >= position ? end : nil
    }

    private static func isPrintable(_ octet: UInt8) -> Bool { (0x20...0x7E).contains(octet) }
}

extension OctetPattern: CustomStringConvertible {
    /// The pattern as it was written.
    public var description: String { text }
}

extension ArraySlice<UInt8> {
    /// Without blanks at both ends.
    var trimmed: ArraySlice<UInt8> {
        let start = drop { $0 == 0x20 }
        guard let end = start.lastIndex(where: { $0 != 0x20 }) else { return [] }
        return start[...end]
    }

    /// Where a sequence first begins.
    func firstOccurrence(of sequence: [UInt8]) -> Int? {
        guard count >= sequence.count else { return nil }
        return (startIndex...(endIndex - sequence.count)).first { self[$0...].starts(with: sequence) }
    }
}
