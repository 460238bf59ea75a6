// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import DLMSEngine
import Testing

@testable import MeterSimulator

@Suite struct ObjectTests {
    private static let association = OBISCode(0, 0, 40, 0, 0, 255)

    @Test(arguments: [
        (MeterAtHand.publicClient, 4...10), (MeterAtHand.reader, 90...200), (MeterAtHand.manager, 90...200),
    ])
    func whatIsListedAsReadableCanBeRead(client: ServedClient, count: ClosedRange<Int>) throws {
        let meter = MeterAtHand()
        let list = try ObjectList(try meter.value(15, Self.association, 2, as: client))
        #expect(list.unreadableCount == 0)
        #expect(count.contains(list.entries.count), "\(list.entries.count)")
        for entry in list.entries {
            for attribute in entry.attributes {
                let result = meter.get(entry.classID, entry.logicalName, attribute.index, as: client)
                if attribute.access.isReadable {
                    #expect(try result.value() != nil, "\(entry.logicalName) \(attribute.index)")
                } else {
                    #expect(result == .failure(.readWriteDenied), "\(entry.logicalName) \(attribute.index)")
                }
                if !attribute.access.isWritable {
                    let refused = meter.set(entry.classID, entry.logicalName, attribute.index, .nullData, as: client)
                    #expect(refused == .readWriteDenied)
                }
            }
        }
    }

    @Test func everyObjectHasTheAttributesOfItsClass() throws {
        for object in ObjectTable.standard.objects {
            let model = try #require(
                InterfaceClassRegistry.standard.interfaceClass(object.classID, version: object.version)
            )
            #expect(object.attributes.map(\.index) == model.attributes.map(\.index), "\(object.logicalName)")
            for method in object.methods { #expect(model.method(method.index) != nil, "\(object.logicalName)") }
        }
        #expect(Set(ObjectTable.standard.objects.map(\.logicalName)).count == ObjectTable.standard.objects.count)
    }

    @Test func everyObjectHasShortNamesOfItsOwn() throws {
        let table = ObjectTable.standard
        // One association stands for the four: itself, by class 12.
        #expect(table.shortNames.objects.count == table.objects.count)
        for object in table.objects where object.logicalName != Self.association {
            let named = try #require(table.shortNames.object(object.classID, object.logicalName))
            #expect(named.baseName % 8 == 0)
            for attribute in object.attributes {
                let name = try #require(named.name(ofAttribute: attribute.index))
                let descriptor = AttributeDescriptor(
                    classID: object.classID,
                    instanceID: object.logicalName,
                    attributeID: attribute.index
                )
                #expect(table.shortNames.target(of: name) == .attribute(descriptor))
            }
            for method in object.methods {
                let descriptor = MethodDescriptor(
                    classID: object.classID,
                    instanceID: object.logicalName,
                    methodID: method.index
                )
                guard let name = ShortNameMethods.standard.name(ofMethod: method.index, of: named) else { continue }
                #expect(table.shortNames.target(of: name) == .method(descriptor))
            }
        }
    }

    @Test func everyValueHasTheTypesOfItsClass() throws {
        let meter = MeterAtHand()
        for object in ObjectTable.standard.objects {
            let model = try #require(
                InterfaceClassRegistry.standard.interfaceClass(object.classID, version: object.version)
            )
            for attribute in object.attributes where attribute.audience != .nobody {
                let value = try meter.value(object.classID, object.logicalName, attribute.index)
                let types = model.attribute(attribute.index)?.shape.types ?? []
                // A compact array is an array in another encoding.
                let type = value.dataTag == .compactArray ? .array : value.dataTag
                #expect(types.isEmpty || types.contains(type), "\(object.logicalName) \(attribute.index)")
            }
        }
    }

    @Test func everyObjectHasAName() {
        for object in ObjectTable.standard.objects {
            #expect(OBISNames.standard.name(of: object.logicalName) != nil, "\(object.logicalName)")
        }
    }

    @Test func refusalsSayWhy() {
        let meter = MeterAtHand()
        let energy = OBISCode(1, 0, 1, 8, 0, 255)
        #expect(meter.get(3, OBISCode(1, 0, 99, 99, 99, 255), 2) == .failure(.objectUndefined))
        #expect(meter.get(1, energy, 2) == .failure(.objectClassInconsistent))
        #expect(meter.get(3, energy, 9) == .failure(.objectUndefined))
        #expect(meter.get(3, energy, 2, as: MeterAtHand.publicClient) == .failure(.objectUndefined))
        #expect(meter.get(1, OBISCode(0, 0, 96, 50, 2, 255), 2) == .failure(.readWriteDenied))
        #expect(meter.get(3, energy, 2, selection: .entries(from: 1)) == .failure(.scopeOfAccessViolated))
        #expect(meter.invoke(70, ControlObjects.disconnectControl, 1, as: MeterAtHand.reader) == .readWriteDenied)
        #expect(meter.invoke(70, ControlObjects.disconnectControl, 3) == .objectUndefined)
    }

    @Test func whatIsWrittenIsKept() throws {
        let meter = MeterAtHand()
        let scratch = IdentityObjects.scratch
        #expect(meter.set(1, scratch, 2, .doubleLong(7), as: MeterAtHand.reader) == .readWriteDenied)
        #expect(meter.set(1, scratch, 2, .unsigned(7)) == .typeUnmatched)
        #expect(meter.set(1, scratch, 2, .doubleLong(7)) == .success)
        #expect(try meter.value(1, scratch, 2) == .doubleLong(7))
    }

    @Test func thePassiveCalendarCanBeActivated() throws {
        let meter = MeterAtHand()
        let calendar = OBISCode(0, 0, 13, 0, 0, 255)
        #expect(meter.set(20, calendar, 2, .octetString([0x41])) == .readWriteDenied)
        #expect(meter.set(20, calendar, 6, .octetString([0x41])) == .success)
        #expect(try meter.value(20, calendar, 2) != .octetString([0x41]))
        #expect(meter.invoke(20, calendar, 1) == .success)
        #expect(try meter.value(20, calendar, 2) == .octetString([0x41]))
    }
}
