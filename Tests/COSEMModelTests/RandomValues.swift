// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A small generator with a fixed course, so that a failure comes again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension DLMSData {
    /// Any value of a type, with any content.
    static func random(_ tag: DataTag, depth: Int, using generator: inout SeededGenerator) -> DLMSData {
        func octets(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255, using: &generator) } }
        func number<Integer: FixedWidthInteger>() -> Integer {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: .min
            case 1: .max
            case 2: 0
            default: .random(in: .min ... .max, using: &generator)
            }
        }
        switch tag {
        case .nullData: return .nullData
        case .dontCare: return .dontCare
        case .boolean: return .boolean(.random(using: &generator))
        case .array, .structure:
            let items = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                random(anyTag(depth: depth + 1, using: &generator), depth: depth + 1, using: &generator)
            }
            return tag == .array ? .array(items) : .structure(items)
        case .compactArray:
            let simple: [DataTag] = [.long, .doubleLongUnsigned, .octetString, .dateTime, .boolean, .bitString]
            let inner = simple.randomElement(using: &generator) ?? .long
            let items = (0..<Int.random(in: 1...5, using: &generator)).map { _ in
                DLMSData.structure([
                    random(inner, depth: depth + 1, using: &generator),
                    .array([.unsigned(number()), .unsigned(number())]),
                ])
            }
            guard let compact = CompactArray(elements: items) else { return .nullData }
            return .compactArray(compact)
        case .bitString:
            let count = Int.random(in: 0...40, using: &generator)
            return .bitString(BitString((0..<count).map { _ in Bool.random(using: &generator) }))
        case .octetString: return .octetString(octets(.random(in: 0...20, using: &generator)))
        case .visibleString: return .visibleString(octets(.random(in: 0...20, using: &generator)))
        case .utf8String: return .utf8String(Array("Zähler \(UInt8.random(in: 0...255, using: &generator)) \"é\"".utf8))
        case .bcd: return .bcd(number())
        case .integer: return .integer(number())
        case .long: return .long(number())
        case .doubleLong: return .doubleLong(number())
        case .long64: return .long64(number())
        case .unsigned: return .unsigned(number())
        case .longUnsigned: return .longUnsigned(number())
        case .doubleLongUnsigned: return .doubleLongUnsigned(number())
        case .long64Unsigned: return .long64Unsigned(number())
        case .enumeration: return .enumeration(number())
        case .float32: return .float32(bitPattern: number())
        case .float64: return .float64(bitPattern: number())
        case .dateTime:
            return (try? COSEMDateTime(octets: octets(12))).map { .dateTime($0) } ?? .nullData
        case .date: return (try? COSEMDate(octets: octets(5))).map { .date($0) } ?? .nullData
        case .time: return (try? COSEMTime(octets: octets(4))).map { .time($0) } ?? .nullData
        case .deltaInteger: return .deltaInteger(number())
        case .deltaLong: return .deltaLong(number())
        case .deltaDoubleLong: return .deltaDoubleLong(number())
        case .deltaUnsigned: return .deltaUnsigned(number())
        case .deltaLongUnsigned: return .deltaLongUnsigned(number())
        case .deltaDoubleLongUnsigned: return .deltaDoubleLongUnsigned(number())
        }
    }

    static func anyTag(depth: Int, using generator: inout SeededGenerator) -> DataTag {
        let tags = DataTag.allCases.filter { depth < 3 || ($0 != .array && $0 != .structure && $0 != .compactArray) }
        return tags.randomElement(using: &generator) ?? .nullData
    }
}
