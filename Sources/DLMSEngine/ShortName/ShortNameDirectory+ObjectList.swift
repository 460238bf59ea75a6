// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

extension ShortNameDirectory {
    /// More objects than any server has.
    static let maximumCount = 10_000

    /// Reads attribute 2 of the association; entries that make no sense are left out.
    ///
    /// - Throws: `DecodeError` for a value that is no list, or one of impossible length: the server.
    init(objectList octets: [UInt8]) throws(DecodeError) {
        var reader = OctetReader(octets)
        let items: [DLMSData]
        switch try DLMSData(decoding: &reader) {
        // Observed: some meters send the whole list as a structure.
        case .array(let elements), .structure(let elements): items = elements
        case .compactArray(let compact): items = try compact.elements()
        default: throw DecodeError(.unknownTag(octets.first ?? 0), at: 0, what: "object_list")
        }
        guard items.count <= Self.maximumCount else {
            throw DecodeError(.countTooLarge(items.count), at: 0, what: "object_list")
        }
        self.init(items.compactMap(Self.object))
    }

    /// An element: base name, class, version and logical name, of whatever integer types.
    private static func object(_ item: DLMSData) -> Object? {
        guard case .structure(let members) = item, members.count >= 4,
            let base = integer(members[0]), let baseName = UInt16(exactly: base & 0xFFFF), (-0x8000...0xFFFF) ~= base,
            let classID = integer(members[1]).flatMap({ UInt16(exactly: $0) }),
            let version = integer(members[2]).flatMap({ UInt8(exactly: $0) }),
            case .octetString(let name) = members[3], let logicalName = try? OBISCode(octets: name)
        else { return nil }
        return Object(classID: classID, version: version, logicalName: logicalName, baseName: baseName)
    }

    private static func integer(_ data: DLMSData) -> Int? {
        switch data {
        case .integer(let value): Int(value)
        case .unsigned(let value): Int(value)
        case .long(let value): Int(value)
        case .longUnsigned(let value): Int(value)
        case .doubleLong(let value): Int(value)
        case .doubleLongUnsigned(let value): Int(value)
        default: nil
        }
    }
}
