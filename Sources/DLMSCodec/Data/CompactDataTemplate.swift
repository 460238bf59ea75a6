// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What the buffer of a compact data object holds (Blue Book, class 62, template_description).
///
/// The layout is that of a type description, but an array is written without its count; the buffer carries the count
/// instead. Templates with counted arrays exist too: they are told by which of the two fits template and buffer.
public struct CompactDataTemplate: Hashable, Sendable {
    /// Where the counts of arrays are.
    public enum CountPlacement: Hashable, Sendable, CaseIterable {
        /// In the buffer, in front of the elements of each array.
        case buffer
        /// In the template, two octets.
        case template
    }

    private indirect enum Part: Hashable, Sendable {
        case simple(DataTag)
        case array(count: UInt16?, Part)
        case structure([Part])
    }

    /// Where the counts of arrays are.
    public let countPlacement: CountPlacement
    private let part: Part

    /// Makes a template of the value of template_description.
    ///
    /// - Throws: `DecodeError`, also for octets left over.
    public init(octets: [UInt8], countPlacement: CountPlacement) throws(DecodeError) {
        var reader = OctetReader(octets)
        self.countPlacement = countPlacement
        part = try Self.part(&reader, countPlacement, depth: 0)
        guard reader.isAtEnd else {
            throw DecodeError(.trailingOctets(reader.remaining), at: reader.offset, what: "template-description")
        }
    }

    /// Decodes a buffer, with the placement of counts that fits.
    ///
    /// - Throws: `DecodeError` for a template or buffer that fits neither.
    public static func decode(buffer: [UInt8], template: [UInt8]) throws(DecodeError) -> DLMSData {
        do {
            return try CompactDataTemplate(octets: template, countPlacement: .buffer).decode(buffer)
        } catch {
            let other = try? CompactDataTemplate(octets: template, countPlacement: .template).decode(buffer)
            guard let other else { throw error }
            return other
        }
    }

    /// Decodes a buffer.
    ///
    /// - Throws: `DecodeError`, also for octets left over; `.countTooLarge` for far more values than octets.
    public func decode(_ buffer: [UInt8]) throws(DecodeError) -> DLMSData {
        var reader = OctetReader(buffer)
        var budget = 8 * (buffer.count + octets.count)
        let value = try Self.value(part, &reader, &budget)
        guard reader.isAtEnd else {
            throw DecodeError(.trailingOctets(reader.remaining), at: reader.offset, what: "compact data buffer")
        }
        return value
    }

    /// The value of template_description.
    public var octets: [UInt8] {
        var writer = OctetWriter()
        Self.encode(part, into: &writer)
        return writer.octets
    }

    /// Encodes a value; nil for one that does not fit the template.
    public func encode(_ value: DLMSData) -> [UInt8]? {
        var writer = OctetWriter()
        return Self.encode(value, part, into: &writer) ? writer.octets : nil
    }

    private static func part(
        _ reader: inout OctetReader,
        _ placement: CountPlacement,
        depth: Int
    ) throws(DecodeError) -> Part {
        let start = reader.offset
        let tag = try reader.readDataTag()
        guard depth < DLMSData.deepestNesting else {
            throw DecodeError(.nestedTooDeep(limit: DLMSData.deepestNesting), at: start, what: "template-description")
        }
        switch tag {
        case .array:
            let count = placement == .template ? try reader.readUInt16("count of elements") : nil
            return .array(count: count, try part(&reader, placement, depth: depth + 1))
        case .structure:
            var members: [Part] = []
            for _ in 0..<(try reader.readCount("count of members")) {
                members.append(try part(&reader, placement, depth: depth + 1))
            }
            return .structure(members)
        case .compactArray:
            throw DecodeError(.unknownTag(tag.rawValue), at: start, what: "template-description")
        default: return .simple(tag)
        }
    }

    private static func value(
        _ part: Part,
        _ reader: inout OctetReader,
        _ budget: inout Int
    ) throws(DecodeError) -> DLMSData {
        // Null-data takes no octets: without a budget a few of them could stand for billions.
        budget -= 1
        guard budget >= 0 else {
            throw DecodeError(.countTooLarge(reader.offset), at: reader.offset, what: "values of compact data")
        }
        switch part {
        case .simple(let tag): return try DLMSData(decodingScalar: tag, from: &reader)
        case .array(let fixed, let element):
            let count = if let fixed { Int(fixed) } else { try reader.readLength("count of elements") }
            var elements: [DLMSData] = []
            for _ in 0..<count {
                elements.append(try value(element, &reader, &budget))
            }
            return .array(elements)
        case .structure(let members):
            var elements: [DLMSData] = []
            for member in members {
                elements.append(try value(member, &reader, &budget))
            }
            return .structure(elements)
        }
    }

    private static func encode(_ part: Part, into writer: inout OctetWriter) {
        switch part {
        case .simple(let tag): writer.write(tag.rawValue)
        case .array(let count, let element):
            writer.write(DataTag.array.rawValue)
            if let count { writer.write(count) }
            encode(element, into: &writer)
        case .structure(let members):
            writer.write(DataTag.structure.rawValue)
            writer.writeLength(members.count)
            for member in members {
                encode(member, into: &writer)
            }
        }
    }

    private static func encode(_ value: DLMSData, _ part: Part, into writer: inout OctetWriter) -> Bool {
        switch (part, value) {
        case (.array(let count, let element), .array(let elements)):
            if let count {
                guard elements.count == Int(count) else { return false }
            } else {
                writer.writeLength(elements.count)
            }
            for value in elements {
                guard encode(value, element, into: &writer) else { return false }
            }
            return true
        case (.structure(let members), .structure(let elements)):
            guard members.count == elements.count else { return false }
            for (value, member) in zip(elements, members) {
                guard encode(value, member, into: &writer) else { return false }
            }
            return true
        case (.simple(let tag), _):
            guard value.dataTag == tag else { return false }
            value.encodeContent(into: &writer)
            return true
        case (.array, _), (.structure, _): return false
        }
    }
}
