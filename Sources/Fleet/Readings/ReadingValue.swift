// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import DLMSCodec

/// A value as it is stored: before scaling, and without loss.
public enum ReadingValue: Hashable, Sendable {
    /// The meter sent that it has none.
    case null
    /// Any integer type that fits, enumerations and bcd included.
    case integer(Int64)
    /// A long64-unsigned beyond the range of `integer`.
    case unsigned(UInt64)
    /// A boolean.
    case boolean(Bool)
    /// A float32 by its bits.
    case float32(UInt32)
    /// A float64 by its bits.
    case float64(UInt64)
    /// A visible-string or utf8-string.
    case text(String)
    /// An octet-string.
    case octets([UInt8])
    /// Anything else, as A-XDR.
    case data([UInt8])

    /// Takes a COSEM value.
    public init(_ data: DLMSData) {
        switch data {
        case .nullData: self = .null
        case .boolean(let flag): self = .boolean(flag)
        case .long64Unsigned(let number): self = Int64(exactly: number).map { .integer($0) } ?? .unsigned(number)
        case .float32(let bits): self = .float32(bits)
        case .float64(let bits): self = .float64(bits)
        case .octetString(let octets): self = .octets(octets)
        case .visibleString(let octets), .utf8String(let octets):
            let isUTF8 = if case .utf8String = data { true } else { false }
            guard let text = String(validating: octets, as: UTF8.self), !octets.contains(0),
                isUTF8 != octets.allSatisfy({ $0 < 0x80 })
            else {
                self = .data(data.octets)
                return
            }
            self = .text(text)
        default: self = data.integerValue.map { .integer($0) } ?? .data(data.octets)
        }
    }

    /// Takes a captured value.
    /// - Parameter others: The values that are no simple number.
    public init(_ cell: ProfileCell, others: [DLMSData]) {
        switch cell {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .unsigned(let number): self = .unsigned(number)
        case .boolean(let flag): self = .boolean(flag)
        case .float32(let bits): self = .float32(bits)
        case .float64(let bits): self = .float64(bits)
        case .other(let place): self = others.indices.contains(place) ? ReadingValue(others[place]) : .null
        }
    }

    /// The value as COSEM data; the width of an integer is not kept, so it comes in the smallest of 32 and 64 bits.
    public var data: DLMSData {
        switch self {
        case .null: .nullData
        case .integer(let number): Int32(exactly: number).map { .doubleLong($0) } ?? .long64(number)
        case .unsigned(let number): .long64Unsigned(number)
        case .boolean(let flag): .boolean(flag)
        case .float32(let bits): .float32(bitPattern: bits)
        case .float64(let bits): .float64(bitPattern: bits)
        case .text(let text):
            text.utf8.allSatisfy { $0 < 0x80 } ? .visibleString(Array(text.utf8)) : .utf8String(Array(text.utf8))
        case .octets(let octets): .octetString(octets)
        case .data(let octets): (try? DLMSData(octets: octets)) ?? .nullData
        }
    }
}
