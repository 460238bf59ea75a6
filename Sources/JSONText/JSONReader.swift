// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How much the reader takes before it refuses.
public struct JSONLimits: Hashable, Sendable {
    /// Objects and arrays inside each other.
    public var depth: Int
    /// Octets of the whole text.
    public var octets: Int
    /// Octets of one number.
    public var numberOctets: Int

    /// 64 levels, 1 MiB, 256 octets a number.
    public static let `default` = JSONLimits()

    /// Makes limits.
    public init(depth: Int = 64, octets: Int = 1 << 20, numberOctets: Int = 256) {
        self.depth = depth
        self.octets = octets
        self.numberOctets = numberOctets
    }
}

/// A strict reader of RFC 8259 text: one value, UTF-8, no name twice, nothing after it, bounded depth and length.
public struct JSONReader {
    /// Reads one text.
    ///
    /// - Throws: ``JSONError`` with the place of the first fault.
    public static func parse(_ octets: [UInt8], limits: JSONLimits = .default) throws(JSONError) -> JSONValue {
        var reader = JSONReader(text: octets, limits: limits)
        guard octets.count <= limits.octets else {
            reader.index = limits.octets
            throw reader.error(.tooLong(limit: limits.octets))
        }
        reader.skipSpace()
        let value = try reader.value()
        reader.skipSpace()
        guard reader.index == octets.count else { throw reader.error(.trailingOctets) }
        return value
    }

    private enum Step {
        case name(String)
        case item(Int)
    }

    private let text: [UInt8]
    private let limits: JSONLimits
    private var index = 0
    private var path: [Step] = []

    private init(text: [UInt8], limits: JSONLimits) {
        self.text = text
        self.limits = limits
    }

    private mutating func value() throws(JSONError) -> JSONValue {
        guard let octet = peek() else { throw error(.unexpectedEnd) }
        switch octet {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), 0x30...0x39: return try number()
        default: throw error(.unexpectedOctet(octet))
        }
    }

    private mutating func object() throws(JSONError) -> JSONValue {
        try enter()
        var members: [JSONObject.Member] = []
        // A linear search beats hashing for the few members that an object usually has.
        var seen: Set<String> = []
        if try !closes(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                let start = index
                guard let octet = peek() else { throw error(.unexpectedEnd) }
                guard octet == UInt8(ascii: "\"") else { throw error(.unexpectedOctet(octet)) }
                let name = try string()
                let isKnown = members.count < 8 ? members.contains { $0.name == name } : !seen.insert(name).inserted
                guard !isKnown else {
                    index = start
                    throw error(.duplicateName(name))
                }
                skipSpace()
                try expect(UInt8(ascii: ":"))
                skipSpace()
                path.append(.name(name))
                pass(start)
                members.append(JSONObject.Member(name: name, value: try value()))
                path.removeLast()
                if members.count == 8 { seen = Set(members.map(\.name)) }
            } while try continues(until: UInt8(ascii: "}"))
        }
        depth -= 1
        return .object(JSONObject(distinct: members))
    }

    private mutating func array() throws(JSONError) -> JSONValue {
        try enter()
        var items: [JSONValue] = []
        if try !closes(UInt8(ascii: "]")) {
            repeat {
                skipSpace()
                path.append(.item(items.count))
                pass(index)
                items.append(try value())
                path.removeLast()
            } while try continues(until: UInt8(ascii: "]"))
        }
        depth -= 1
        return .array(items)
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = index
        guard let length = JSONNumber.length(in: text[start...]) else { throw error(.malformedNumber) }
        guard length <= limits.numberOctets else { throw error(.tooLong(limit: limits.numberOctets)) }
        index += length
        if let next = peek(), isNumberOctet(next) { throw error(.malformedNumber) }
        return .number(JSONNumber(wellFormed: String(decoding: text[start..<index], as: UTF8.self)))
    }

    private func isNumberOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for position in 0..<word.utf8CodeUnitCount { try expect(word.utf8Start[position]) }
        return value
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        index += 1
        let start = index
        while let octet = peek() {
            switch octet {
            case UInt8(ascii: "\""):
                let result = try validated(text[start..<index], from: start)
                index += 1
                return result
            case UInt8(ascii: "\\"):
                return try escapedString(from: start)
            case 0..<0x20:
                throw error(.controlCharacter)
            default:
                index += 1
            }
        }
        throw error(.unexpectedEnd)
    }

    /// The slow path: at least one escape, the first of them at `index`.
    private mutating func escapedString(from start: Int) throws(JSONError) -> String {
        var unescaped = Array(text[start..<index])
        while let octet = peek() {
            switch octet {
            case UInt8(ascii: "\""):
                let result = try validated(unescaped[...], from: start)
                index += 1
                return result
            case UInt8(ascii: "\\"):
                try escape(into: &unescaped)
            case 0..<0x20:
                throw error(.controlCharacter)
            default:
                unescaped.append(octet)
                index += 1
            }
        }
        throw error(.unexpectedEnd)
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(JSONError) {
        let start = index
        index += 1
        guard let octet = peek() else { throw error(.unexpectedEnd) }
        index += 1
        switch octet {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(octet)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try escapedScalar(from: start)
            unescaped.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
        default:
            index = start
            throw error(.malformedEscape)
        }
    }

    /// RFC 8259 §7: characters beyond the basic plane are two escapes, a high and a low surrogate.
    private mutating func escapedScalar(from start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits(from: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, peek() == UInt8(ascii: "\\"), index + 1 < text.count, text[index + 1] == UInt8(ascii: "u")
        else {
            index = start
            throw error(.loneSurrogate)
        }
        index += 2
        let second = try fourHexDigits(from: start)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else {
            index = start
            throw error(.loneSurrogate)
        }
        return scalar
    }

    private mutating func fourHexDigits(from start: Int) throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let octet = peek() else { throw error(.unexpectedEnd) }
            guard let digit = Character(Unicode.Scalar(octet)).hexDigitValue, octet < 0x80 else {
                index = start
                throw error(.malformedEscape)
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private mutating func validated(_ octets: ArraySlice<UInt8>, from start: Int) throws(JSONError) -> String {
        guard let result = String(validating: octets, as: UTF8.self) else {
            index = start
            throw error(.invalidUTF8)
        }
        return result
    }

    // MARK: Steps

    private var depth = 0

    private mutating func enter() throws(JSONError) {
        guard depth < limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
        depth += 1
        index += 1
    }

    private mutating func closes(_ octet: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard peek() == octet else { return false }
        index += 1
        return true
    }

    private mutating func continues(until end: UInt8) throws(JSONError) -> Bool {
        skipSpace()
        guard let octet = peek() else { throw error(.unexpectedEnd) }
        guard octet == end || octet == UInt8(ascii: ",") else { throw error(.unexpectedOctet(octet)) }
        index += 1
        return octet != end
    }

    private mutating func expect(_ octet: UInt8) throws(JSONError) {
        guard let found = peek() else { throw error(.unexpectedEnd) }
        guard found == octet else { throw error(.unexpectedOctet(found)) }
        index += 1
    }

    private func peek() -> UInt8? {
        index < text.count ? text[index] : nil
    }

    private mutating func skipSpace() {
        while index < text.count {
            switch text[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private func error(_ kind: JSONError.Kind) -> JSONError {
        let place = JSONPlace(of: index, in: text)
        return JSONError(kind: kind, offset: index, line: place.line, column: place.column, pointer: pointer)
    }

    private var pointer: JSONPointer {
        path.reduce(.root) { pointer, step in
            switch step {
            case .name(let name): pointer.appending(name)
            case .item(let place): pointer.appending(place)
            }
        }
    }

    // MARK: Finding

    private var sought: JSONPointer?
    private var found: Int?

    /// Remembers where the value at the path begins, if it is the one that is sought.
    private mutating func pass(_ start: Int) {
        if let sought, found == nil, sought == pointer { found = start }
    }

    /// Where a value of a text that can be read stands: a member at its name, an item at its beginning.
    ///
    /// - Returns: nil if the text cannot be read or has no such value.
    public static func place(of pointer: JSONPointer, in octets: [UInt8]) -> JSONPlace? {
        var reader = JSONReader(text: octets, limits: .default)
        reader.sought = pointer
        reader.skipSpace()
        reader.pass(reader.index)
        guard (try? reader.value()) != nil, let found = reader.found else { return nil }
        return JSONPlace(of: found, in: octets)
    }
}
