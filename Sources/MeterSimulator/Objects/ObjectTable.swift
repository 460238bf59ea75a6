// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine

/// All objects of a simulated meter; one table serves every meter.
struct ObjectTable: Sendable {
    static let standard = ObjectTable(
        AssociationObjects.all + IdentityObjects.all + ClockObjects.all + EnergyObjects.all + PowerObjects.all
            + QualityObjects.all + ProfileObjects.all + [PeculiarProfiles.compactData] + ControlObjects.all
            + TariffObjects.all
            + CommunicationObjects.all + FirmwareObjects.all + PushObjects.all
            + SecurityObjects.all
    )

    let objects: [ObjectDefinition]
    /// The short names of the objects, the same for every meter and every client.
    let shortNames: ShortNameDirectory
    private let places: [OBISCode: Int]
    /// The encoded object list of each audience.
    private let lists: [Audience: [UInt8]]

    init(_ objects: [ObjectDefinition]) {
        self.objects = objects
        places = Dictionary(objects.enumerated().map { ($1.logicalName, $0) }) { first, _ in first }
        var lists: [Audience: [UInt8]] = [:]
        for audience in [Audience.everyone, .readers, .managers] {
            lists[audience] = DLMSData.array(objects.compactMap { Self.entry($0, for: audience) }).octets
        }
        self.lists = lists
        shortNames = ShortNameDirectory(
            assigning: objects.map { object in
                ShortNameDirectory.NamelessObject(
                    classID: object.classID,
                    version: object.version,
                    logicalName: object.logicalName,
                    attributeCount: object.attributes.map(\.index).max() ?? 1
                )
            }
        )
    }

    /// The object of that name, if the audience may see anything of it.
    func object(_ name: OBISCode, for audience: Audience) -> ObjectDefinition? {
        guard let place = places[name] else { return nil }
        let object = objects[place]
        return object.attributes.contains { $0.audience <= audience } ? object : nil
    }

    /// The object_list attribute of an association, or the part of it that is selected.
    func list(for audience: Audience, _ selection: SelectiveAccess?) -> GetResult {
        guard let selection else { return .data(lists[audience] ?? [1, 0]) }
        guard let selection = ObjectSelection(selection) else { return .failure(.typeUnmatched) }
        return .data(DLMSData.array(selection.part(of: objects.compactMap { Self.entry($0, for: audience) })).octets)
    }

    /// By what parts of attribute 2 can be selected.
    private static func selectors(of object: ObjectDefinition) -> DLMSData {
        if object.classID == 15 { return .array((1...4).map { .integer($0) }) }
        return object.profile.map { $0.selects != .nothing } == true ? .array([.integer(1), .integer(2)]) : .nullData
    }

    /// One element of an object list with the access rights of an audience; nil if it sees nothing.
    private static func entry(_ object: ObjectDefinition, for audience: Audience) -> DLMSData? {
        guard object.attributes.contains(where: { $0.audience <= audience }) else { return nil }
        let attributes = object.attributes.map { attribute -> DLMSData in
            let isReadable = attribute.audience <= audience
            let isWritable = attribute.write != nil && audience == .managers
            let mode: UInt8 = (isReadable ? 1 : 0) | (isWritable ? 2 : 0)
            let selectors = attribute.index == 2 ? Self.selectors(of: object) : .nullData
            return .structure([.integer(attribute.index), .enumeration(mode), selectors])
        }
        let methods = object.methods.map { method -> DLMSData in
            .structure([.integer(method.index), .enumeration(audience == .managers ? 1 : 0)])
        }
        return .structure([
            .longUnsigned(object.classID), .unsigned(object.version), .octetString(object.logicalName.octets),
            .structure([.array(attributes), .array(methods)]),
        ])
    }
}
