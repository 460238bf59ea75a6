// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Testing

@Suite struct ObjectListTests {
    private func entry(
        _ classID: UInt16,
        _ version: UInt8,
        _ name: OBISCode,
        attributes: [DLMSData],
        methods: [DLMSData]
    )
        -> DLMSData
    {
        .structure([
            .longUnsigned(classID), .unsigned(version), .octetString(name.octets),
            .structure([.array(attributes), .array(methods)]),
        ])
    }

    private func right(_ index: Int8, _ mode: DLMSData, _ selectors: DLMSData? = nil) -> DLMSData {
        .structure([.integer(index), mode] + (selectors.map { [$0] } ?? []))
    }

    @Test func accessRightsAreNamed() throws {
        let register = OBISCode(1, 0, 1, 8, 0, 255)
        let modes = (0..<7).map { right(Int8($0 + 1), .enumeration(UInt8($0)), .nullData) }
        let data = DLMSData.array([
            entry(
                3,
                0,
                register,
                attributes: modes,
                methods: [right(1, .boolean(true)), right(2, .enumeration(2)), right(3, .enumeration(0))]
            )
        ])
        let list = try ObjectList(data)
        let object = try #require(list.objects(named: register).first)
        #expect(
            object.attributes.map(\.access.name) == [
                "none", "read", "write", "read-write", "authenticated-read", "authenticated-write",
                "authenticated-read-write",
            ]
        )
        #expect(object.methods.map(\.access.name) == ["access", "authenticated-access", "none"])
        #expect(object.access(toAttribute: 2)?.isReadable == true)
        #expect(object.access(toAttribute: 2)?.isWritable == false)
    }

    @Test func theListsOwnAssociationDecidesHowModesAreRead() throws {
        let association = OBISCode(0, 0, 40, 0, 0, 255)
        let data = DLMSData.array([
            entry(15, 3, association, attributes: [right(1, .enumeration(0b0000_0101))], methods: []),
            entry(1, 0, OBISCode(0, 0, 96, 1, 0, 255), attributes: [right(2, .enumeration(3))], methods: []),
        ])
        let list = try ObjectList(data)
        #expect(list.entries[0].attributes[0].access.name == "authenticated-read")
        #expect(list.entries[1].attributes[0].access.name == "read-write")
    }

    @Test func selectorsAreKept() throws {
        let data = DLMSData.array([
            entry(
                7,
                1,
                OBISCode(1, 0, 99, 1, 0, 255),
                attributes: [right(2, .enumeration(1), .array([.integer(1), .integer(2)]))],
                methods: []
            )
        ])
        #expect(try ObjectList(data).entries[0].attributes[0].selectors == [1, 2])
    }

    @Test func anOddEntryDoesNotHideTheOthers() throws {
        let good = entry(1, 0, OBISCode(0, 0, 96, 1, 0, 255), attributes: [], methods: [])
        let list = try ObjectList(.array([.unsigned(1), good, .structure([.longUnsigned(1)])]))
        #expect(list.entries.count == 1)
        #expect(list.unreadableCount == 2)
        #expect(throws: ObjectList.Fault.self) { try ObjectList(.unsigned(1)) }
    }

    @Test func shortNameListsGiveBaseNames() throws {
        let code = OBISCode(1, 0, 1, 8, 0, 255)
        let data = DLMSData.array([
            .structure([.long(-0x0600), .longUnsigned(12), .unsigned(1), .octetString(code.octets)])
        ])
        let entry = try #require(try ObjectList(data).entries.first)
        #expect(entry.shortName == 0xFA00)
        #expect(entry.classID == 12)
        #expect(entry.logicalName == code)
    }

    @Test func shortNameListsGetTheirRightsFromAttribute3() throws {
        let association = OBISCode(0, 0, 40, 0, 0, 255)
        let register = OBISCode(1, 0, 1, 8, 0, 255)
        func list(version: UInt8) throws -> ObjectList {
            try ObjectList(
                .array([
                    .structure([
                        .long(-0x0600), .longUnsigned(12), .unsigned(version), .octetString(association.octets),
                    ]),
                    // Some meters send base names unsigned.
                    .structure([.longUnsigned(0x8100), .longUnsigned(3), .unsigned(0), .octetString(register.octets)]),
                    .structure([
                        .long(0x200), .longUnsigned(1), .unsigned(0), .octetString([0, 0, 96, 1, 0, 255]),
                    ]),
                ])
            )
        }
        let rights = DLMSData.array([
            .structure([
                .long(Int16(bitPattern: 0x8100)),
                .array([right(1, .enumeration(1), .nullData), right(2, .enumeration(5), .nullData)]),
                .array([right(1, .boolean(true))]),
            ]),
            .structure([.long(0x300), .array([]), .array([])]), .unsigned(1),
        ])
        let merged = try list(version: 2).adding(accessRights: rights)
        #expect(merged.entries.map(\.shortName) == [0xFA00, 0x8100, 0x200])
        #expect(merged.entries[1].attributes.map(\.access.name) == ["read", "authenticated-write"])
        #expect(merged.entries[1].methods.map(\.access.name) == ["access"])
        #expect(merged.entries[2].attributes.isEmpty)
        let newer = try list(version: 4).adding(accessRights: rights)
        #expect(newer.entries[1].attributes.map(\.access.name) == ["read", "authenticated-read"])
        #expect(try list(version: 2).adding(accessRights: .nullData) == list(version: 2))
    }

    @Test func controlModesAllowWhatTheTableSays() {
        typealias Mode = DisconnectControl.Mode
        #expect(Mode.mode0.orders(in: .connected) == [])
        #expect(Mode.mode1.state(after: .reconnect, from: .disconnected) == .readyForReconnection)
        #expect(Mode.mode2.state(after: .reconnect, from: .disconnected) == .connected)
        #expect(Mode.mode4.orders(in: .connected) == [.disconnect])
        #expect(Mode.mode4.orders(in: .disconnected) == [.reconnect])
        #expect(Mode.mode3.state(after: .disconnect, from: .readyForReconnection) == .disconnected)
    }
}
