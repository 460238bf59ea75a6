// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A generator whose numbers are the same in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func octets(upTo count: Int) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// A value of any type, nested at most `depth` levels.
    mutating func data(depth: Int = 4) -> DLMSData {
        let tags = DataTag.allCases.filter { depth > 0 || ($0 != .array && $0 != .structure && $0 != .compactArray) }
        return data(tag: tags.randomElement(using: &self) ?? .nullData, depth: depth)
    }

    private mutating func data(tag: DataTag, depth: Int) -> DLMSData {
        let bits = next()
        let content = octets(upTo: 300)
        switch tag {
        case .nullData: return .nullData
        case .dontCare: return .dontCare
        case .array: return .array((0..<Int(bits % 5)).map { _ in data(depth: depth - 1) })
        case .structure: return .structure((0..<Int(bits % 5)).map { _ in data(depth: depth - 1) })
        case .boolean: return .boolean(bits & 1 == 1)
        case .bitString: return .bitString(BitString(count: Int(bits % 50), packedOctets: content))
        case .doubleLong: return .doubleLong(Int32(truncatingIfNeeded: bits))
        case .doubleLongUnsigned: return .doubleLongUnsigned(UInt32(truncatingIfNeeded: bits))
        case .octetString: return .octetString(content)
        case .visibleString: return .visibleString(content)
        case .utf8String: return .utf8String(content)
        case .bcd: return .bcd(UInt8(truncatingIfNeeded: bits))
        case .integer: return .integer(Int8(truncatingIfNeeded: bits))
        case .long: return .long(Int16(truncatingIfNeeded: bits))
        case .unsigned: return .unsigned(UInt8(truncatingIfNeeded: bits))
        case .longUnsigned: return .longUnsigned(UInt16(truncatingIfNeeded: bits))
        case .compactArray: return compactArray(depth: depth)
        case .long64: return .long64(Int64(bitPattern: bits))
        case .long64Unsigned: return .long64Unsigned(bits)
        case .enumeration: return .enumeration(UInt8(truncatingIfNeeded: bits))
        case .float32: return .float32(bitPattern: UInt32(truncatingIfNeeded: bits))
        case .float64: return .float64(bitPattern: bits)
        case .dateTime: return (try? .dateTime(COSEMDateTime(octets: fixed(12)))) ?? .nullData
        case .date: return (try? .date(COSEMDate(octets: fixed(5)))) ?? .nullData
        case .time: return (try? .time(COSEMTime(octets: fixed(4)))) ?? .nullData
        case .deltaInteger: return .deltaInteger(Int8(truncatingIfNeeded: bits))
        case .deltaLong: return .deltaLong(Int16(truncatingIfNeeded: bits))
        case .deltaDoubleLong: return .deltaDoubleLong(Int32(truncatingIfNeeded: bits))
        case .deltaUnsigned: return .deltaUnsigned(UInt8(truncatingIfNeeded: bits))
        case .deltaLongUnsigned: return .deltaLongUnsigned(UInt16(truncatingIfNeeded: bits))
        case .deltaDoubleLongUnsigned: return .deltaDoubleLongUnsigned(UInt32(truncatingIfNeeded: bits))
        }
    }

    private mutating func compactArray(depth: Int) -> DLMSData {
        let shape = data(depth: 1)
        let elements = [DLMSData](repeating: shape, count: Int(next() % 4))
        return CompactArray(elements: elements).map { .compactArray($0) } ?? .nullData
    }

    private mutating func fixed(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
