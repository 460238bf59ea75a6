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
    /// Room for the text; `used` octets at its start are the text, what follows is zero.
    private var storage: [UInt8]
    private var used = 0

    /// How many objects and arrays are open; 0 means that what was written is complete.
    public private(set) var depth = 0

    /// A value stands directly before the end of the text, so that the next one needs a comma.
    private var needsComma = false

    /// Makes a writer with room for `reservingCapacity` octets.
    public init(reservingCapacity: Int = 256) {
        storage = [UInt8](repeating: 0, count: max(64, reservingCapacity))
    }

    /// The text written since the start or since the last ``takeOctets()``, UTF-8; a copy.
    public var octets: [UInt8] { Array(storage[..<used]) }

    /// How many octets have been written since the start or since the last ``takeOctets()``.
    public var count: Int { used }

    /// Hands out what has been written so far and forgets it, keeping the place in the structure (for streaming).
    public mutating func takeOctets() -> [UInt8] {
        var taken: [UInt8] = []
        if used <= 65_536 {
            // The room stays for the next piece.
            taken = Array(storage[..<used])
        } else {
            swap(&taken, &storage)
            taken.removeLast(taken.count - used)
        }
        used = 0
        return taken
    }

    // MARK: Structure

    /// Opens an object.
    public mutating func beginObject() {
        begin(UInt8(ascii: "{"))
    }

    /// Closes the object opened last.
    public mutating func endObject() {
        end(UInt8(ascii: "}"))
    }

    /// Opens an array.
    public mutating func beginArray() {
        begin(UInt8(ascii: "["))
    }

    /// Closes the array opened last.
    public mutating func endArray() {
        end(UInt8(ascii: "]"))
    }

    /// Ends one line of newline-delimited JSON: the next value starts a new text.
    public mutating func endLine() {
        append(0x0A)
        needsComma = false
    }

    /// Writes the name of the next member; a plain one (no quote, backslash or control character) known at compile time.
    public mutating func name(_ name: StaticString) {
        if name.hasPointerRepresentation {
            let text = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            extend(by: text.count + 3) { target in
                target[0] = UInt8(ascii: "\"")
                let end = Self.copy(text, to: target, at: 1)
                target[end] = UInt8(ascii: "\"")
                target[end + 1] = UInt8(ascii: ":")
                return end + 2
            }
        } else {
            string(String(Character(name.unicodeScalar)))
            append(UInt8(ascii: ":"))
        }
        needsComma = false
    }

    /// Writes the name of the next member, escaped as needed.
    @_disfavoredOverload
    public mutating func name(_ name: String) {
        string(name)
        append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes one complete value that is JSON text already; the caller answers for its form.
    @inlinable
    public mutating func raw(_ text: some Collection<UInt8>) {
        let done: Void? = text.withContiguousStorageIfAvailable { raw($0) }
        if done == nil { Array(text).withUnsafeBufferPointer { raw($0) } }
    }

    /// Writes one complete value of at most `limit` octets in place; the closure answers for its form and its length.
    ///
    /// - Parameter write: writes to the pointer, and returns how many octets it wrote.
    @inline(__always)
    package mutating func value(upTo limit: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        extend(by: limit) { target in
            let count = write(target)
            precondition(count <= limit, "a value is longer than announced")
            return count
        }
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
        raw(value ? "true".utf8 : "false".utf8)
    }

    /// Writes `null`.
    public mutating func null() {
        raw("null".utf8)
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

    private static func trimmed(_ text: String) -> Substring {
        text.hasSuffix(".0") ? text.dropLast(2) : text[...]
    }

    // MARK: Octets

    /// Makes room for `count` octets, writes the comma that is due, and lets the closure write; it returns how many it wrote.
    @inline(__always)
    private mutating func extend(
        by count: Int,
        isSeparated: Bool = true,
        _ write: (UnsafeMutablePointer<UInt8>) -> Int
    ) {
        if storage.count - used <= count { grow(by: count + 1) }
        let start = used
        let hasComma = isSeparated && needsComma
        used = storage.withUnsafeMutableBufferPointer { buffer in
            // The storage is never empty here: it holds `start + count + 1` octets at least.
            guard let first = buffer.baseAddress else { return start }
            guard hasComma else { return start + write(first + start) }
            first[start] = UInt8(ascii: ",")
            return start + 1 + write(first + start + 1)
        }
    }

    private mutating func grow(by count: Int) {
        let wanted = max(2 * storage.count, used + count, 256)
        storage.append(contentsOf: repeatElement(0, count: wanted - storage.count))
    }

    @inline(__always)
    private static func copy(
        _ text: UnsafeBufferPointer<UInt8>,
        to target: UnsafeMutablePointer<UInt8>,
        at place: Int
    ) -> Int {
        if let start = text.baseAddress { (target + place).update(from: start, count: text.count) }
        return place + text.count
    }

    private mutating func append(_ octet: UInt8) {
        extend(by: 1, isSeparated: false) { target in
            target[0] = octet
            return 1
        }
    }

    private mutating func begin(_ mark: UInt8) {
        extend(by: 1) { target in
            target[0] = mark
            return 1
        }
        depth += 1
        needsComma = false
    }

    private mutating func end(_ mark: UInt8) {
        append(mark)
        depth -= 1
        needsComma = true
    }

    @usableFromInline
    mutating func raw(_ text: UnsafeBufferPointer<UInt8>) {
        extend(by: text.count) { target in
            Self.copy(text, to: target, at: 0)
        }
        needsComma = true
    }

    @usableFromInline
    mutating func integer(isNegative: Bool, magnitude: UInt64) {
        // A sign and at most 20 digits.
        extend(by: 21) { target in
            var end = 0
            if isNegative {
                target[end] = UInt8(ascii: "-")
                end += 1
            }
            var count = 1
            var bound: UInt64 = 10
            while count < 20, magnitude >= bound {
                count += 1
                bound = bound.multipliedReportingOverflow(by: 10).partialValue
            }
            end += count
            var rest = magnitude
            for place in 1...count {
                let quotient = rest / 10
                target[end - place] = 0x30 + UInt8(truncatingIfNeeded: rest - quotient * 10)
                rest = quotient
            }
            return end
        }
        needsComma = true
    }

    @usableFromInline
    mutating func quoted(_ text: UnsafeBufferPointer<UInt8>) {
        // RFC 8259 §7: the quote, the backslash and everything below U+0020 are escaped, nothing else.
        let escaped = text.count { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
        // An escape takes at most six octets for one.
        extend(by: text.count + 5 * escaped + 2) { target in
            target[0] = UInt8(ascii: "\"")
            let end = escaped == 0 ? Self.copy(text, to: target, at: 1) : Self.escape(text, to: target, at: 1)
            target[end] = UInt8(ascii: "\"")
            return end + 1
        }
        needsComma = true
    }

    private static func escape(
        _ text: UnsafeBufferPointer<UInt8>,
        to target: UnsafeMutablePointer<UInt8>,
        at place: Int
    ) -> Int {
        var end = place
        for octet in text {
            if octet >= 0x20 && octet != 0x22 && octet != 0x5C {
                target[end] = octet
                end += 1
                continue
            }
            let short: UInt8? =
                switch octet {
                case 0x22, 0x5C: octet
                case 0x08: UInt8(ascii: "b")
                case 0x09: UInt8(ascii: "t")
                case 0x0A: UInt8(ascii: "n")
                case 0x0C: UInt8(ascii: "f")
                case 0x0D: UInt8(ascii: "r")
                default: nil
                }
            target[end] = 0x5C
            if let short {
                target[end + 1] = short
                end += 2
            } else {
                let low = octet & 0x0F
                target[end + 1] = UInt8(ascii: "u")
                target[end + 2] = 0x30
                target[end + 3] = 0x30
                target[end + 4] = 0x30 + (octet >> 4)
                target[end + 5] = low < 10 ? 0x30 + low : 0x57 + low
                end += 6
            }
        }
        return end
    }
}
