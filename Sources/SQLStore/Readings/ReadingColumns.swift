// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet

/// A value as the columns `kind`, `number`, `fraction` and `content` hold it.
struct ReadingColumns: Hashable {
    var kind: Int64
    var number: Int64?
    var fraction: Double?
    var content: String?

    init(_ value: ReadingValue) {
        switch value {
        case .null: kind = 0
        case .integer(let number): (kind, self.number) = (1, number)
        case .unsigned(let number): (kind, content) = (2, String(number))
        case .boolean(let flag): (kind, number) = (3, flag ? 1 : 0)
        case .float32(let bits):
            kind = 4
            let number = Float(bitPattern: bits)
            // What is not finite has no place in a column of numbers; nor has the sign of zero.
            if number.isFinite, bits != 0x8000_0000 { fraction = Double(number) } else { content = String(bits) }
        case .float64(let bits):
            kind = 5
            let number = Double(bitPattern: bits)
            if number.isFinite, bits != 1 << 63 { fraction = number } else { content = String(bits) }
        case .text(let text): (kind, content) = (6, text)
        case .octets(let octets): (kind, content) = (7, Hexadecimal.text(of: octets))
        case .data(let octets): (kind, content) = (8, Hexadecimal.text(of: octets))
        }
    }

    init(_ row: SQLRow) throws(SQLError) {
        kind = Int64(try row.integer("kind"))
        number = try row.optionalInteger("number").map { Int64($0) }
        switch try row.value("fraction") {
        case .real(let value): fraction = value
        case .integer(let value): fraction = Double(value)
        default: fraction = nil
        }
        content = try row.optionalText("content")
    }

    /// - Throws: ``SQLError/unexpectedResult(reason:)`` when the columns do not fit each other.
    func value() throws(SQLError) -> ReadingValue {
        switch (kind, number, fraction, content) {
        case (0, _, _, _): return .null
        case (1, let number?, _, _): return .integer(number)
        case (2, _, _, let digits?): if let number = UInt64(digits) { return .unsigned(number) }
        case (3, let number?, _, _): return .boolean(number != 0)
        case (4, _, let fraction?, _): return .float32(Float(fraction).bitPattern)
        case (4, _, nil, let digits?): if let bits = UInt32(digits) { return .float32(bits) }
        case (5, _, let fraction?, _): return .float64(fraction.bitPattern)
        case (5, _, nil, let digits?): if let bits = UInt64(digits) { return .float64(bits) }
        case (6, _, _, let text?): return .text(text)
        case (7, _, _, let digits?): if let octets = Hexadecimal.octets(of: digits) { return .octets(octets) }
        case (8, _, _, let digits?): if let octets = Hexadecimal.octets(of: digits) { return .data(octets) }
        default: break
        }
        throw .unexpectedResult(reason: "a reading of kind \(kind) lacks its value")
    }

    var numberValue: SQLValue { number.map { .integer($0) } ?? .null }
    var fractionValue: SQLValue { fraction.map { .real($0) } ?? .null }
    var contentValue: SQLValue { .text(optional: content) }

    /// The binds of an UPDATE or INSERT of one row.
    var binds: SQLBinds {
        ["kind": .integer(kind), "number": numberValue, "fraction": fractionValue, "content": contentValue]
    }
}

extension ProfileQuality {
    private static let inOrder: [ProfileQuality] = [.valid, .suspect, .estimated, .missing, .inferred]

    /// The number in the column `quality`.
    var number: Int64 { Int64(Self.inOrder.firstIndex(of: self) ?? 0) }

    init(number: Int) throws(SQLError) {
        guard Self.inOrder.indices.contains(number) else {
            throw .unexpectedResult(reason: "there is no quality \(number)")
        }
        self = Self.inOrder[number]
    }
}

/// The words in a column `reasons`.
enum ReasonWords {
    /// There is an earlier, different value.
    static let revised = "revised"
    /// The value was null and repeats the row before.
    static let repeatedValue = "repeated-value"
    /// The time was null and follows from the row before.
    static let derivedTime = "derived-time"

    static func value(_ words: [String]) -> SQLValue {
        words.isEmpty ? .null : .text(words.joined(separator: " "))
    }

    static func words(_ row: SQLRow) throws(SQLError) -> [String] {
        guard let text = try row.optionalText("reasons") else { return [] }
        return text.split(separator: " ").map(String.init)
    }
}
