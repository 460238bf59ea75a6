// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Testing

@Suite("Parts of object lists")
struct ObjectSelectionTests {
    private static let energy = OBISCode(1, 0, 1, 8, 0, 255)
    private static let clock = OBISCode(0, 0, 1, 0, 0, 255)
    private static let list = [(UInt16(3), energy), (8, clock), (3, OBISCode(1, 0, 2, 8, 0, 255))].map {
        DLMSData.structure([
            .longUnsigned($0.0), .unsigned(0), .octetString($0.1.octets), .structure([.array([]), .array([])]),
        ])
    }

    @Test(arguments: [
        ("01 00", ObjectSelection.all),
        ("02 01 02 12 0003 12 0008", .classes([3, 8])),
        ("03 01 01 02 02 12 0008 09 06 0000010000FF", .objects([.init(classID: 8, logicalName: clock)])),
        ("04 02 02 12 0003 09 06 0100010800FF", .object(.init(classID: 3, logicalName: energy))),
    ])
    func `Each selector has its parameters`(octets: String, selection: ObjectSelection) throws {
        let expected = try #require(Hexadecimal.octets(of: octets.filter { $0 != " " }))
        #expect(selection.access.octets == expected)
        #expect(ObjectSelection(try SelectiveAccess(octets: expected)) == selection)
    }

    @Test func `Objects of a class come without access rights, named ones with them`() {
        let registers = ObjectSelection.classes([3]).part(of: Self.list)
        #expect(registers.count == 2)
        guard case .structure(let members)? = registers.first else { return #expect(Bool(false)) }
        #expect(members.count == 3)
        #expect(
            ObjectSelection.objects([.init(classID: 8, logicalName: Self.clock)]).part(of: Self.list) == [Self.list[1]]
        )
        #expect(ObjectSelection.object(.init(classID: 8, logicalName: Self.energy)).part(of: Self.list).isEmpty)
        #expect(ObjectSelection.all.part(of: Self.list) == Self.list)
    }

    @Test func `Other selectors and parameters are no part of a list`() {
        #expect(ObjectSelection(SelectiveAccess(selector: 5, parameters: .nullData)) == nil)
        #expect(ObjectSelection(SelectiveAccess(selector: 2, parameters: .array([.octetString([1])]))) == nil)
        #expect(ObjectSelection(SelectiveAccess(selector: 3, parameters: .nullData)) == nil)
    }
}
