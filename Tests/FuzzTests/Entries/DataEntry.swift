// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

enum DataEntry {
    /// The tree and the stream accept the same octets and see the same values, however the stream is split.
    static func fault(of input: [UInt8]) -> String? {
        var reader = OctetReader(input)
        let value = try? DLMSData(decoding: &reader)
        let used = value == nil ? nil : reader.offset
        for piece in [max(input.count, 1), input.first.map { Int($0 & 0x0F) + 1 } ?? 1] {
            var decoder = DataStreamDecoder()
            var counter = ElementCounter()
            var consumed = 0
            var isRefused = false
            for start in stride(from: 0, to: input.count, by: piece) where !isRefused && !decoder.isComplete {
                let end = min(start + piece, input.count)
                do {
                    consumed = end - (try decoder.push(input[start..<end], into: &counter))
                } catch {
                    isRefused = true
                }
            }
            let accepted = !isRefused && decoder.isComplete
            guard accepted == (used != nil) else { return "tree and stream differ in what they accept" }
            guard !accepted || consumed == used else { return "tree and stream differ in the length" }
            guard counter.depth == 0 || !accepted else { return "the stream leaves an array open" }
        }
        guard let value else { return nil }
        guard let again = try? DLMSData(octets: value.octets) else {
            return "a value encodes to octets that are refused"
        }
        guard again == value else { return "a value changes by encoding and decoding" }
        return expansionFault(of: value)
    }

    /// Takes all compact arrays apart and keeps them, as a tree of a whole answer would.
    private static func expansionFault(of value: DLMSData) -> String? {
        var open = [value]
        var kept: [[DLMSData]] = []
        while let next = open.popLast() {
            switch next {
            case .array(let elements), .structure(let elements): open.append(contentsOf: elements)
            case .compactArray(let array):
                guard let elements = try? array.elements() else {
                    return "a decoded compact array cannot be taken apart"
                }
                kept.append(elements)
            default: break
            }
        }
        return kept.count > FuzzEntry.longestInput ? "more compact arrays than octets" : nil
    }
}

/// Counts what a stream decoder visits.
private struct ElementCounter: DataVisitor {
    var depth = 0
    var values = 0

    mutating func beginArray(count: Int?) { depth += 1 }
    mutating func beginStructure(count: Int) { depth += 1 }
    mutating func end() { depth -= 1 }
    mutating func visitNull(_ tag: DataTag) { values += 1 }
    mutating func visitUnsigned(_ value: UInt64, _ tag: DataTag) { values += 1 }
    mutating func visitSigned(_ value: Int64, _ tag: DataTag) { values += 1 }
    mutating func visitFloat(bitPattern: UInt64, _ tag: DataTag) { values += 1 }
    mutating func visitOctets(_ octets: Span<UInt8>, _ tag: DataTag) { values += 1 }
    mutating func visitBits(_ octets: Span<UInt8>, count: Int) { values += 1 }
}
