// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

extension ObjectList {
    /// The list with the rights that an association with short names keeps apart: its attribute 3, access_rights_list.
    ///
    /// Each element has the base name of an object, the rights of its attributes and those of its methods. Objects that
    /// it does not name, or a value that is no such list, leave rights unknown.
    public func adding(accessRights data: DLMSData) -> ObjectList {
        var rights: [UInt16: [DLMSData]] = [:]
        for element in Self.elements(data) {
            guard case .structure(let members) = element, members.count >= 3,
                let baseName = Self.baseName(members[0])
            else { continue }
            rights[baseName] = members
        }
        let version = Self.logicalNameVersion(entries)
        let merged = entries.map { entry -> ObjectListEntry in
            guard let shortName = entry.shortName, let members = rights[shortName] else { return entry }
            return ObjectListEntry(
                classID: entry.classID,
                version: entry.version,
                logicalName: entry.logicalName,
                shortName: shortName,
                attributes: Self.elements(members[1]).compactMap {
                    Self.attribute($0, associationVersion: version)
                },
                methods: Self.elements(members[2]).compactMap { Self.method($0, associationVersion: version) }
            )
        }
        return ObjectList(entries: merged, unreadableCount: unreadableCount)
    }

    /// The version of class 15 whose access modes the association has: bits came with version 3, and with version 4 of
    /// class 12.
    private static func logicalNameVersion(_ entries: [ObjectListEntry]) -> UInt8 {
        let own = entries.first { $0.classID == 12 && $0.logicalName == OBISCode(0, 0, 40, 0, 0, 255) }
        return (own?.version ?? 0) >= 4 ? 3 : 0
    }
}
