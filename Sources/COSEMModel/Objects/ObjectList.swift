// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The objects of an association: attribute 2 of classes 15 and 12 (Blue Book, object_list).
///
/// Entries that make no sense are left out and counted, because one odd entry must not hide the others.
public struct ObjectList: Hashable, Sendable {
    /// The objects in the meter's order.
    public let entries: [ObjectListEntry]
    /// How many entries could not be read.
    public let unreadableCount: Int

    /// More objects than any meter has.
    public static let maximumCount = 10_000

    /// Why a value is no object list; the meter is at fault.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// It is no array.
        case notAnArray(typeName: String)
        /// It has more entries than are accepted.
        case tooLong(count: Int)

        /// The fault in words.
        public var description: String {
            switch self {
            case .notAnArray(let typeName): "an array was expected, \(typeName) found"
            case .tooLong(let count): "\(count) entries are more than the \(ObjectList.maximumCount) that are accepted"
            }
        }
    }

    /// Reads the attribute.
    /// - Parameters:
    ///   - data: The value of attribute 2.
    ///   - associationVersion: The version of the association class; nil takes it from the association's own entry.
    /// - Throws: `Fault` if the value is no list of acceptable length.
    public init(_ data: DLMSData, associationVersion: UInt8? = nil) throws(Fault) {
        let items: [DLMSData]
        switch data {
        // Observed: some meters send the whole list as a structure.
        case .array(let elements), .structure(let elements): items = elements
        case .compactArray(let compact): items = (try? compact.elements()) ?? []
        default: throw .notAnArray(typeName: data.typeName)
        }
        guard items.count <= Self.maximumCount else { throw .tooLong(count: items.count) }
        let version = associationVersion ?? Self.associationVersion(in: items)
        let entries = items.compactMap { Self.entry($0, associationVersion: version) }
        self.entries = entries
        unreadableCount = items.count - entries.count
    }

    init(entries: [ObjectListEntry], unreadableCount: Int) {
        self.entries = entries
        self.unreadableCount = unreadableCount
    }

    /// The objects of that name; several if classes share it.
    public func objects(named logicalName: OBISCode) -> [ObjectListEntry] {
        entries.filter { $0.logicalName == logicalName }
    }

    /// The version of the association that the list belongs to: the list has an entry of it.
    private static func associationVersion(in items: [DLMSData]) -> UInt8 {
        let associations = items.compactMap { item -> (name: OBISCode, version: UInt8)? in
            guard case .structure(let members) = item, let entry = head(members), entry.classID == 15 else {
                return nil
            }
            return (entry.logicalName, entry.version)
        }
        let current = associations.first { $0.name == OBISCode(0, 0, 40, 0, 0, 255) }
        return current?.version ?? associations.map(\.version).max() ?? 0
    }

    private static func entry(_ item: DLMSData, associationVersion: UInt8) -> ObjectListEntry? {
        guard case .structure(let members) = item else { return nil }
        if members.count >= 4, let baseName = baseName(members[0]), let head = head(Array(members.dropFirst())) {
            return ObjectListEntry(
                classID: head.classID,
                version: head.version,
                logicalName: head.logicalName,
                shortName: baseName,
                attributes: [],
                methods: []
            )
        }
        guard let head = head(members) else { return nil }
        var attributes: [ObjectListEntry.Attribute] = []
        var methods: [ObjectListEntry.Method] = []
        if members.count >= 4, case .structure(let rights) = members[3] {
            attributes = elements(rights.first).compactMap { attribute($0, associationVersion: associationVersion) }
            methods = elements(rights.dropFirst().first).compactMap {
                method($0, associationVersion: associationVersion)
            }
        }
        return ObjectListEntry(
            classID: head.classID,
            version: head.version,
            logicalName: head.logicalName,
            shortName: nil,
            attributes: attributes,
            methods: methods
        )
    }

    /// A base name; the standard has it as a signed integer although it is none.
    static func baseName(_ data: DLMSData) -> UInt16? {
        switch data {
        case .long(let value): UInt16(bitPattern: value)
        default: data.integerValue.flatMap { UInt16(exactly: $0) }
        }
    }

    private static func head(
        _ members: [DLMSData]
    ) -> (classID: UInt16, version: UInt8, logicalName: OBISCode)? {
        guard members.count >= 3, let classID = members[0].integerValue.flatMap({ UInt16(exactly: $0) }),
            let version = members[1].integerValue.flatMap({ UInt8(exactly: $0) }),
            case .octetString(let octets) = members[2], let logicalName = try? OBISCode(octets: octets)
        else { return nil }
        return (classID, version, logicalName)
    }

    static func attribute(_ item: DLMSData, associationVersion: UInt8) -> ObjectListEntry.Attribute? {
        guard case .structure(let members) = item, members.count >= 2,
            let index = members[0].integerValue.flatMap({ Int8(exactly: $0) }), let mode = mode(members[1])
        else { return nil }
        let selectors = elements(members.dropFirst(2).first).compactMap { selector in
            selector.integerValue.flatMap { UInt8(exactly: $0) }
        }
        return ObjectListEntry.Attribute(
            index: index,
            access: AttributeAccess(mode: mode, associationVersion: associationVersion),
            selectors: selectors
        )
    }

    static func method(_ item: DLMSData, associationVersion: UInt8) -> ObjectListEntry.Method? {
        guard case .structure(let members) = item, members.count >= 2,
            let index = members[0].integerValue.flatMap({ Int8(exactly: $0) }), let mode = mode(members[1])
        else { return nil }
        return ObjectListEntry.Method(
            index: index,
            access: MethodAccess(mode: mode, associationVersion: associationVersion)
        )
    }

    /// Old versions send a boolean for methods, newer ones an enum; some meters send an unsigned.
    private static func mode(_ data: DLMSData) -> UInt8? {
        if case .boolean(let isAllowed) = data { return isAllowed ? 1 : 0 }
        return data.integerValue.flatMap { UInt8(exactly: $0) }
    }

    static func elements(_ data: DLMSData?) -> [DLMSData] {
        guard case .array(let elements)? = data else { return [] }
        return elements
    }
}
