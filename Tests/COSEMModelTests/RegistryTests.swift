// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@testable import COSEMModel

@Suite struct RegistryTests {
    private let registry = InterfaceClassRegistry.standard

    @Test func everyLineOfTheTableIsRead() {
        #expect(registry.unreadable == [])
        #expect(registry.classes.count == 70)
        #expect(UnitTable.standard.units.count == 117)
        #expect(OBISNames.standard.entries.count == 335)
    }

    @Test func everyClassBeginsWithItsLogicalName() {
        for entry in registry.classes {
            #expect(entry.attributes.first?.name == "logical_name")
            #expect(entry.attributes.map(\.index) == entry.attributes.map(\.index).sorted())
            #expect(Set(entry.attributes.map(\.name)).count == entry.attributes.count, "\(entry.name)")
            #expect(Set(entry.methods.map(\.index)).count == entry.methods.count, "\(entry.name)")
        }
    }

    @Test func classesAreFoundByVersionAndByNeighbour() {
        #expect(registry.interfaceClass(7, version: 1)?.name == "Profile generic")
        #expect(registry.interfaceClass(7, version: 0) == nil)
        #expect(registry.nearest(7, version: 0)?.version == 1)
        #expect(registry.nearest(15, version: 9)?.version == 3)
        #expect(registry.nearest(40, version: nil)?.version == 2)
        #expect(registry.nearest(9999, version: 0) == nil)
    }

    @Test func attributesAndMethodsHaveNames() {
        let control = registry.interfaceClass(70, version: 0)
        #expect(control?.attribute(4)?.name == "control_mode")
        #expect(control?.attribute(named: "control_state")?.isStatic == false)
        #expect(control?.method(named: "remote_reconnect")?.index == 2)
        #expect(control?.method(1)?.parameter == .simple(.integer, .plain))
    }

    @Test(arguments: ["[", "{a:}", "enum<x=1>", "octet-string<when>", "@nothing", "unsigned|", "unsigned ", "intger"])
    func notationThatIsWrongIsNotGuessed(text: String) {
        #expect(ShapeNotation.parse(text[...], named: [:]) == nil)
    }

    @Test func notationNests() {
        let member = Shape.Member(name: "a", shape: .array(.choice([.simple(.unsigned, .plain), .any])))
        let codes = Shape.Meaning.codes([Shape.NamedCode(code: 0, name: "off"), Shape.NamedCode(code: 7, name: "on")])
        let other = Shape.Member(name: "b", shape: .simple(.enumeration, codes))
        #expect(
            ShapeNotation.parse("[{a:[unsigned|any] b:enum<0=off 7=on>}]", named: [:])
                == .array(.structure([member, other]))
        )
    }

    @Test(arguments: [
        ("1.0.1.8.0.255", "Active energy import (+A) total"),
        ("1.0.1.8.2.255", "Active energy import (+A), rate 2"),
        ("1.0.1.8.9.255", "Active energy import (+A), rate 9"),
        ("1.0.1.8.0.101", "Active energy import (+A) total, last billing period"),
        ("1.0.1.8.0.3", "Active energy import (+A) total, billing period 3"),
        ("1.0.52.7.0.255", "Voltage L2 instantaneous"),
        ("1.0.31.7.5.255", "Current L1 instantaneous, harmonic 5"),
        ("1.0.32.7.124.255", "Voltage L1 instantaneous, total harmonic distortion"),
        ("1.0.61.6.0.255", "Active power import (+A) L3 maximum"),
        ("1.0.81.7.40.255", "Phase angle U(L1)-I(L1)"),
        ("1.2.1.8.0.255", "Active energy import (+A) total, channel 2"),
        ("0.0.96.3.10.255", "Disconnect control (main breaker)"),
        ("0.3.24.1.0.255", "M-Bus client, channel 3"),
        ("0.0.43.1.9.255", "Invocation counter 9"),
    ])
    func objectsHaveReadableNames(code: String, name: String) throws {
        #expect(OBISNames.standard.name(of: try #require(OBISCode(code))) == name)
    }

    @Test func nearlyEveryElectricityCodeHasAName() {
        var named = 0
        var all = 0
        for quantity in UInt8(1)...80 {
            for processing: UInt8 in [2, 4, 5, 6, 7, 8, 9, 29] {
                all += 1
                if OBISNames.standard.name(of: OBISCode(1, 0, quantity, processing, 0, 255)) != nil { named += 1 }
            }
        }
        #expect(named == all)
        #expect(OBISNames.standard.name(of: OBISCode(1, 0, 200, 8, 0, 255)) == nil)
    }
}
