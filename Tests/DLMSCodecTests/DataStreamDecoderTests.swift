// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

/// Builds the tree again from the calls.
private struct TreeBuilder: DataVisitor {
    var open: [(tag: DataTag, elements: [DLMSData])] = []
    var value: DLMSData?

    mutating func add(_ data: DLMSData) {
        if open.isEmpty { value = data } else { open[open.count - 1].elements.append(data) }
    }

    mutating func beginArray(count: Int?) { open.append((.array, [])) }

    mutating func beginStructure(count: Int) { open.append((.structure, [])) }

    mutating func end() {
        guard let last = open.popLast() else { return }
        add(last.tag == .array ? .array(last.elements) : .structure(last.elements))
    }

    mutating func visitNull(_ tag: DataTag) { add(tag == .nullData ? .nullData : .dontCare) }

    mutating func visitUnsigned(_ value: UInt64, _ tag: DataTag) {
        scalar(tag, (0..<(tag.width ?? 0)).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) })
    }

    mutating func visitSigned(_ value: Int64, _ tag: DataTag) { visitUnsigned(UInt64(bitPattern: value), tag) }

    mutating func visitFloat(bitPattern: UInt64, _ tag: DataTag) { visitUnsigned(bitPattern, tag) }

    mutating func visitOctets(_ octets: Span<UInt8>, _ tag: DataTag) {
        switch tag {
        case .octetString: add(.octetString(octets.array))
        case .visibleString: add(.visibleString(octets.array))
        case .utf8String: add(.utf8String(octets.array))
        default: scalar(tag, octets.array)
        }
    }

    mutating func visitBits(_ octets: Span<UInt8>, count: Int) {
        add(.bitString(BitString(count: count, packedOctets: octets.array)))
    }

    private mutating func scalar(_ tag: DataTag, _ content: [UInt8]) {
        if let data = try? DLMSData(octets: [tag.rawValue] + content) { add(data) }
    }
}

extension DLMSData {
    /// The value with compact arrays taken apart.
    fileprivate var expanded: DLMSData {
        switch self {
        case .array(let elements): .array(elements.map(\.expanded))
        case .structure(let elements): .structure(elements.map(\.expanded))
        case .compactArray(let array): .array((try? array.elements()) ?? [])
        default: self
        }
    }
}

@Suite struct DataStreamDecoderTests {
    @Test func visitorsSeeTheSameAsTheTree() throws {
        var generator = SeededGenerator(state: 4)
        for _ in 0..<3_000 {
            let value = generator.data()
            var builder = TreeBuilder()
            var reader = OctetReader(value.octets + [0xEE])
            try reader.visitData(&builder)
            #expect(builder.value == value.expanded)
            #expect(reader.remaining == 1)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 50, 400])
    func piecesOfAnySizeGiveTheSame(size: Int) throws {
        var generator = SeededGenerator(state: 5)
        for _ in 0..<300 {
            let value = generator.data()
            let octets = value.octets + [0xEE, 0xEE]
            var builder = TreeBuilder()
            var decoder = DataStreamDecoder()
            var trailing = 0
            for start in stride(from: 0, to: octets.count, by: size) {
                trailing += try decoder.push(octets[start..<min(start + size, octets.count)], into: &builder)
            }
            #expect(decoder.isComplete)
            #expect(builder.value == value.expanded)
            #expect(trailing == 2)
        }
    }

    @Test func faultsAreFoundAtTheirOffset() {
        var decoder = DataStreamDecoder()
        var builder = TreeBuilder()
        let error = #expect(throws: DecodeError.self) {
            _ = try decoder.push([0x02, 0x02, 0x12, 0x00], into: &builder)
            _ = try decoder.push([0x01, 0x07], into: &builder)
        }
        #expect(error?.reason == .unknownTag(0x07))
        #expect(error?.offset == 5)
    }

    @Test func cutValuesAreRefused() {
        var builder = TreeBuilder()
        for octets in [[0x02, 0x02, 0x12, 0x00, 0x01], [0x09, 0x05, 0x01], [0x13, 0x12, 0x04, 0x00], [0x01]]
            as [[UInt8]]
        {
            var reader = OctetReader(octets)
            let error = #expect(throws: DecodeError.self) { try reader.visitData(&builder) }
            #expect(error?.isTruncation == true)
        }
    }

    @Test func elementsLongerThanTheLimitAreNotWaitedFor() {
        var decoder = DataStreamDecoder()
        var builder = TreeBuilder()
        #expect(throws: DecodeError.self) {
            _ = try decoder.push([0x09, 0x84, 0x7F, 0xFF, 0xFF, 0xFF], into: &builder)
        }
    }

    @Test func nestingIsLimited() {
        var builder = TreeBuilder()
        var reader = OctetReader(Array(repeatElement([0x02, 0x01] as [UInt8], count: 40).joined()))
        let error = #expect(throws: DecodeError.self) { try reader.visitData(&builder) }
        #expect(error?.reason == .nestedTooDeep(limit: 32))
    }

    @Test func randomOctetsGiveTheSameAsTheTree() {
        var generator = SeededGenerator(state: 6)
        let tags = DataTag.allCases.map(\.rawValue)
        for _ in 0..<30_000 {
            var octets = generator.octets(upTo: 40)
            if let tag = tags.randomElement(using: &generator) { octets.insert(tag, at: 0) }
            var reader = OctetReader(octets)
            let value = try? DLMSData(decoding: &reader)
            var builder = TreeBuilder()
            var visited = OctetReader(octets)
            let done: Void? = try? visited.visitData(&builder)
            #expect((done != nil) == (value != nil), "\(Hexadecimal.text(of: octets))")
            if let value, done != nil {
                #expect(builder.value == value.expanded)
                #expect(visited.remaining == reader.remaining)
            }
        }
    }
}
