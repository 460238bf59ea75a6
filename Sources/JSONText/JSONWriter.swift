// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An append-only writer of RFC 8259 text that never builds an intermediate value.
///
/// Commas and colons are placed by the writer; the caller keeps `begin…` and `end…` balanced and writes a name before
/// each member. Numbers are written from their digits, so 64-bit and 128-bit integers and decimal texts stay exact.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.member("meter", "M-1001")
/// writer.endObject()
/// ```
public struct JSONWriter: Sendable {
    /// The text written since the start or since the last ``takeOctets()``, UTF-8.
    public private(set) var octets: [UInt8] = []

    /// How many objects and arrays are open; 0 means that what was written is complete.
    public private(set) var depth = 0

    /// A value stands directly before the end of the text, so that the next one needs a comma.
    private var needsComma = false

    /// Makes a writer with room for `reservingCapacity` octets.
    public init(reservingCapacity: Int = 256) {
        octets.reserveCapacity(reservingCapacity)
    }

    /// Hands out what has been written so far and forgets it, keeping the place in the structure (for streaming).
    public mutating func takeOctets() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &octets)
        return taken
    }

    // MARK: Structure

    /// Opens an object.
    public mutating func beginObject() {
        separate()
        octets.append(UInt8(ascii: "{"))
        depth += 1
        needsComma = false
    }

    /// Closes the object opened last.
    public mutating func endObject() {
        octets.append(UInt8(ascii: "}"))
        depth -= 1
        needsComma = true
    }

    /// Opens an array.
    public mutating func beginArray() {
        separate()
        octets.append(UInt8(ascii: "["))
        depth += 1
        needsComma = false
    }

    /// Closes the array opened last.
    public mutating func endArray() {
        octets.append(UInt8(ascii: "]"))
        depth -= 1
        needsComma = true
    }

    /// Ends one line of newline-delimited JSON: the next value starts a new text.
    public mutating func endLine() {
        octets.append(0x0A)
        needsComma = false
    }

    /// Writes the name of the next member; a plain one (no quote, backslash or control character) known at compile time.
    public mutating func name(_ name: StaticString) {
        separate()
        octets.append(UInt8(ascii: "\""))
        if name.hasPointerRepresentation {
            octets.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        } else {
            octets.append(contentsOf: String(Character(name.unicodeScalar)).utf8)
        }
        octets.append(UInt8(ascii: "\""))
        octets.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes the name of the next member, escaped as needed.
    @_disfavoredOverload
    public mutating func name(_ name: String) {
        string(name)
        octets.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes one complete value that is JSON text already; the caller answers for its form.
    public mutating func raw(_ text: some Collection<UInt8>) {
        separate()
        octets.append(contentsOf: text)
        needsComma = true
    }

    // MARK: Scalars

    /// Writes a string value, escaped as needed.
    public mutating func string(_ text: String) {
        string(text[...])
    }

    /// Writes a string value, escaped as needed.
    public mutating func string(_ text: Substring) {
        let done: Void? = text.utf8.withContiguousStorageIfAvailable { quoted($0) }
        if done == nil {
            var native = String(text)
            native.withUTF8 { quoted($0) }
        }
    }

    /// Writes UTF-8 octets as a string value; each ill-formed sequence becomes U+FFFD.
    @inlinable
    public mutating func string(utf8 text: some Collection<UInt8>) {
        if text.allSatisfy({ $0 < 0x80 }) {
            let done: Void? = text.withContiguousStorageIfAvailable { quoted($0) }
            if done != nil { return }
        }
        string(String(decoding: text, as: UTF8.self))
    }

    /// Writes `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        if value {
            octets.append(contentsOf: [0x74, 0x72, 0x75, 0x65])
        } else {
            octets.append(contentsOf: [0x66, 0x61, 0x6C, 0x73, 0x65])
        }
        needsComma = true
    }

    /// Writes `null`.
    public mutating func null() {
        separate()
        octets.append(contentsOf: [0x6E, 0x75, 0x6C, 0x6C])
        needsComma = true
    }

    /// Writes an integer of any width with all its digits.
    @inlinable
    public mutating func integer<Integer: FixedWidthInteger>(_ value: Integer) {
        // The width is known when this is specialised, so that only one of the two remains.
        if Integer.bitWidth <= 64 {
            integer(isNegative: value < 0, magnitude: UInt64(truncatingIfNeeded: value.magnitude))
        } else {
            number(text: String(value))
        }
    }

    /// Writes a number whose exact decimal text is given; the caller answers for its form ("230.1", "-5", "1e3").
    public mutating func number(text: String) {
        raw(text.utf8)
    }

    /// Writes a number whose exact decimal text is given; the caller answers for its form.
    public mutating func number(text: Substring) {
        raw(text.utf8)
    }

    /// Writes the shortest decimal text that reads back as the same number; NaN and the infinities become `null`.
    public mutating func number(_ value: Double) {
        guard value.isFinite else { return null() }
        number(text: Self.trimmed(value.description))
    }

    /// Writes the shortest decimal text that reads back as the same single-precision number; NaN and the infinities become `null`.
    public mutating func number(_ value: Float) {
        guard value.isFinite else { return null() }
        number(text: Self.trimmed(value.description))
    }

    // MARK: Private

    private mutating func separate() {
        if needsComma { octets.append(UInt8(ascii: ",")) }
    }

    private static func trimmed(_ text: String) -> Substring {
        text.hasSuffix(".0") ? text.dropLast(2) : text[...]
    }

    @usableFromInline
    mutating func quoted(_ text: UnsafeBufferPointer<UInt8>) {
        separate()
        octets.append(UInt8(ascii: "\""))
        appendEscaped(text)
        octets.append(UInt8(ascii: "\""))
        needsComma = true
    }

    @usableFromInline
    mutating func integer(isNegative: Bool, magnitude: UInt64) {
        separate()
        if isNegative { octets.append(UInt8(ascii: "-")) }
        appendDigits(magnitude)
        needsComma = true
    }

    private mutating func appendDigits(_ value: UInt64) {
        if value < 10 {
            octets.append(0x30 + UInt8(truncatingIfNeeded: value))
            return
        }
        // UInt64.max has 20 digits.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = 20
            while rest > 0 {
                let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
                start -= 1
                digits[start] = 0x30 + UInt8(truncatingIfNeeded: remainder)
                rest = quotient
            }
            octets.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20]))
        }
    }

    /// RFC 8259 §7: the quote, the backslash and everything below U+0020 are escaped, nothing else.
    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var plainStart = 0
        var index = 0
        while index < text.count {
            let octet = text[index]
            if octet >= 0x20 && octet != 0x22 && octet != 0x5C {
                index += 1
                continue
            }
            octets.append(contentsOf: UnsafeBufferPointer(rebasing: text[plainStart..<index]))
            octets.append(0x5C)
            switch octet {
            case 0x22, 0x5C: octets.append(octet)
            case 0x08: octets.append(UInt8(ascii: "b"))
            case 0x09: octets.append(UInt8(ascii: "t"))
            case 0x0A: octets.append(UInt8(ascii: "n"))
            case 0x0C: octets.append(UInt8(ascii: "f"))
            case 0x0D: octets.append(UInt8(ascii: "r"))
            default:
                octets.append(contentsOf: [0x75, 0x30, 0x30, 0x30 + (octet >> 4)])
                let low = octet & 0x0F
                octets.append(low < 10 ? 0x30 + low : 0x57 + low)
            }
            index += 1
            plainStart = index
        }
        octets.append(contentsOf: UnsafeBufferPointer(rebasing: text[plainStart..<text.count]))
    }
}
