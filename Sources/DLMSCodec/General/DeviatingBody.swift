// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Reads and writes bodies of notifications that are no proper values.
///
/// Two patterns are understood: `02 02`, class identifier (2 octets, the first 00), logical name (6) and attribute index
/// (1) without tags, then a value with its tag; and `06 09` in front of a logical name that ends with FF. They are taken
/// as such wherever they stand, so this is only for bodies that are no proper values.
struct DeviatingBody {
    /// The body as a proper value.
    let value: DLMSData
    /// What was found.
    private(set) var deviations: NotificationDeviations = []

    private static let pairHeader: [UInt8] = [DataTag.structure.rawValue, 2, 0]
    private static let swappedHeader: [UInt8] = [6, DataTag.octetString.rawValue]
    private static let logicalNameLength = 6

    /// Reads a body.
    ///
    /// - Throws: as `DLMSData`.
    init(decoding reader: inout OctetReader, accepting accepted: NotificationDeviations) throws(DecodeError) {
        var found: NotificationDeviations = []
        value = try Self.value(&reader, accepted, &found, depth: 0)
        deviations = found
    }

    private static func value(
        _ reader: inout OctetReader,
        _ accepted: NotificationDeviations,
        _ found: inout NotificationDeviations,
        depth: Int
    ) throws(DecodeError) -> DLMSData {
        let start = reader.offset
        guard depth < DLMSData.deepestNesting else {
            throw DecodeError(.nestedTooDeep(limit: DLMSData.deepestNesting), at: start, what: "notification body")
        }
        if accepted.contains(.untaggedDescriptors), reader.rest.starts(with: pairHeader) {
            found.insert(.untaggedDescriptors)
            _ = try reader.readUInt16("structure of two")
            let classID = try reader.readUInt16("class identifier")
            let name = try reader.readOctets(count: logicalNameLength, "logical name")
            let attribute = try reader.readInt8("attribute index")
            let value = try value(&reader, accepted, &found, depth: depth + 1)
            return .structure([.longUnsigned(classID), .octetString(name), .integer(attribute), value])
        }
        if accepted.contains(.swappedLogicalNames), hasSwappedName(reader.rest) {
            found.insert(.swappedLogicalNames)
            _ = try reader.readUInt16("swapped header of octet-string")
            return .octetString(try reader.readOctets(count: logicalNameLength, "logical name"))
        }
        guard let tag = reader.peek(), tag == DataTag.array.rawValue || tag == DataTag.structure.rawValue else {
            return try DLMSData(decoding: &reader, depth: depth)
        }
        _ = try reader.readUInt8("data tag")
        let count = try reader.readCount("count of elements")
        var elements: [DLMSData] = []
        for _ in 0..<count {
            elements.append(try value(&reader, accepted, &found, depth: depth + 1))
        }
        return tag == DataTag.array.rawValue ? .array(elements) : .structure(elements)
    }

    private static func hasSwappedName(_ octets: ArraySlice<UInt8>) -> Bool {
        octets.starts(with: swappedHeader)
            && octets.dropFirst(swappedHeader.count + logicalNameLength - 1).first == 0xFF
    }

    /// Writes a body with deviations wherever they can be.
    static func encode(_ value: DLMSData, with deviations: NotificationDeviations, into writer: inout OctetWriter) {
        switch value {
        case .structure(let members):
            if deviations.contains(.untaggedDescriptors), let pair = Descriptor(members) {
                writer.write(contentsOf: pairHeader.dropLast())
                writer.write(pair.classID)
                writer.write(contentsOf: pair.logicalName)
                writer.write(pair.attribute)
                encode(pair.value, with: deviations, into: &writer)
            } else {
                encode(members, tag: .structure, with: deviations, into: &writer)
            }
        case .array(let elements): encode(elements, tag: .array, with: deviations, into: &writer)
        case .octetString(let name)
        where deviations.contains(.swappedLogicalNames) && name.count == logicalNameLength && name.last == 0xFF:
            writer.write(contentsOf: swappedHeader)
            writer.write(contentsOf: name)
        default: value.encode(into: &writer)
        }
    }

    private static func encode(
        _ elements: [DLMSData],
        tag: DataTag,
        with deviations: NotificationDeviations,
        into writer: inout OctetWriter
    ) {
        writer.write(tag.rawValue)
        writer.writeLength(elements.count)
        for element in elements {
            encode(element, with: deviations, into: &writer)
        }
    }

    /// What stands in a structure of two instead of four members.
    private struct Descriptor {
        let classID: UInt16
        let logicalName: [UInt8]
        let attribute: Int8
        let value: DLMSData

        init?(_ members: [DLMSData]) {
            guard members.count == 4, case .longUnsigned(let classID) = members[0], classID < 0x100,
                case .octetString(let name) = members[1], name.count == logicalNameLength,
                case .integer(let attribute) = members[2]
            else { return nil }
            (self.classID, logicalName, self.attribute, value) = (classID, name, attribute, members[3])
        }
    }
}
