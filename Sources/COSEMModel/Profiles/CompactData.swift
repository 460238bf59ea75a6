// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The values in the buffer of a compact data object, by its template (Blue Book, class 62).
///
/// The buffer has the values one after the other, without tags; the template describes them as one structure whose first
/// member usually is the number of the template. An array is described as `01 element` with its count in the buffer;
/// some meters write the count of a compact array into the template instead.
public struct CompactData: Hashable, Sendable {
    /// The values, one for each captured object.
    public let values: [DLMSData]

    /// Why a buffer could not be taken apart; the meter is at fault.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The template is no description of a structure.
        case template
        /// The buffer is not what the template describes.
        case buffer

        /// The fault in words.
        public var description: String {
            switch self {
            case .template: "the template describes no structure"
            case .buffer: "the buffer is not what the template describes"
            }
        }
    }

    private indirect enum Node {
        case simple(DataTag)
        case array(count: UInt16?, Node)
        case structure([Node])
    }

    /// Arrays of more elements than this are not accepted.
    private static let mostElements = 65_535
    private static let deepest = 16

    /// Takes a buffer apart.
    /// - Parameters:
    ///   - buffer: The value of compact_buffer.
    ///   - template: The value of template_description.
    /// - Throws: `Fault` if template or buffer are malformed, or do not fit.
    public init(buffer: [UInt8], template: [UInt8]) throws(Fault) {
        let nodes = [false, true].compactMap { Self.template(template, arraysAreCounted: $0) }
        guard !nodes.isEmpty else { throw .template }
        for node in nodes {
            var reader = OctetReader(buffer)
            var budget = 16 * buffer.count + 1024
            guard let value = try? Self.value(node, &reader, &budget), reader.isAtEnd,
                case .structure(let members) = value
            else { continue }
            values = members
            return
        }
        throw .buffer
    }

    private static func template(_ octets: [UInt8], arraysAreCounted: Bool) -> Node? {
        var reader = OctetReader(octets)
        guard let node = try? node(&reader, arraysAreCounted, depth: 0), reader.isAtEnd, case .structure = node else {
            return nil
        }
        return node
    }

    private static func node(
        _ reader: inout OctetReader,
        _ arraysAreCounted: Bool,
        depth: Int
    ) throws -> Node {
        guard depth < deepest, let tag = DataTag(rawValue: try reader.readUInt8("type")) else { throw Fault.template }
        switch tag {
        case .array:
            let count = arraysAreCounted ? try reader.readUInt16("count of elements") : nil
            return .array(count: count, try node(&reader, arraysAreCounted, depth: depth + 1))
        case .structure:
            let count = try reader.readCount("count of members")
            return .structure(try (0..<count).map { _ in try node(&reader, arraysAreCounted, depth: depth + 1) })
        case .compactArray: throw Fault.template
        default: return .simple(tag)
        }
    }

    private static func value(_ node: Node, _ reader: inout OctetReader, _ budget: inout Int) throws -> DLMSData {
        budget -= 1
        guard budget > 0 else { throw Fault.buffer }
        switch node {
        case .simple(let tag): return try DLMSData(decodingUntagged: .simple(tag), from: &reader)
        case .structure(let members): return .structure(try members.map { try value($0, &reader, &budget) })
        case .array(let fixed, let element):
            let count = try fixed.map(Int.init) ?? reader.readLength("count of elements")
            guard count <= mostElements else { throw Fault.buffer }
            var elements: [DLMSData] = []
            for _ in 0..<count { elements.append(try value(element, &reader, &budget)) }
            return .array(elements)
        }
    }
}
