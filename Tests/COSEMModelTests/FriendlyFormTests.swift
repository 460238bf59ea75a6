// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Testing

@Suite struct FriendlyFormTests {
    private let energy = OBISCode(1, 0, 1, 8, 0, 255)

    private func context(
        _ classID: UInt16,
        _ index: Int8,
        _ name: OBISCode? = nil,
        _ unit: ScalerUnit? = nil
    )
        -> ValueContext
    {
        .attribute(classID: classID, version: 0, logicalName: name ?? energy, index: index, scalerUnit: unit)
    }

    @Test func aRegisterIsAQuantity() {
        let wattHours = ScalerUnit(scaler: -2, unitCode: 30)
        #expect(
            json(.doubleLongUnsigned(1_234_567), context: context(3, 2, nil, wattHours))
                == #"{"value":12345.67,"unit":"Wh","raw":1234567,"scaler":-2,"unitCode":30}"#
        )
        #expect(
            json(.doubleLongUnsigned(7), context: context(3, 2))
                == #"{"value":7,"unit":null,"raw":7,"scaler":null,"unitCode":null}"#
        )
        #expect(
            json(.long64Unsigned(.max), context: context(3, 2, nil, ScalerUnit(scaler: 0, unitCode: 255)))
                == #"{"value":18446744073709551615,"unit":null,"raw":18446744073709551615,"scaler":0,"unitCode":255}"#
        )
        #expect(
            json(.float32(bitPattern: Float.nan.bitPattern), context: context(3, 2, nil, wattHours))
                == #"{"value":null,"unit":"Wh","raw":null,"scaler":-2,"unitCode":30,"note":"notFinite"}"#
        )
    }

    @Test func aQuantityCanBeShownInAPrefixedUnit() throws {
        var context = context(3, 2, nil, ScalerUnit(scaler: -1, unitCode: 30))
        let unit = try #require(UnitTable.standard[30])
        context.displayScale = DisplayScale("kWh", of: unit)
        #expect(
            json(.doubleLong(-12_345), context: context)
                == #"{"value":-1.2345,"unit":"kWh","raw":-12345,"scaler":-1,"unitCode":30}"#
        )
        #expect(DisplayScale("kVA", of: unit) == nil)
    }

    @Test func numbersBeyondDoublesCanBeStrings() {
        var context = context(3, 2, nil, ScalerUnit(scaler: -1, unitCode: 35))
        context.numbersAsStrings = true
        #expect(
            json(.long64(2301), context: context)
                == #"{"value":"230.1","unit":"V","raw":"2301","scaler":-1,"unitCode":35}"#
        )
        #expect(json(.long64(5), context: ValueContext(numbersAsStrings: true)) == #""5""#)
        #expect(json(.long(5), context: ValueContext(numbersAsStrings: true)) == "5")
    }

    @Test func theClassModelGivesNames() {
        #expect(json(.enumeration(1), context: context(70, 3)) == #"{"code":1,"name":"connected"}"#)
        #expect(json(.enumeration(9), context: context(70, 3)) == #"{"code":9,"name":null}"#)
        #expect(json(.octetString(energy.octets), context: context(3, 1)) == #""1.0.1.8.0.255""#)
        #expect(
            json(ScalerUnit(scaler: -1, unitCode: 30).data, context: context(3, 3))
                == #"{"scaler":-1,"unit":{"code":30,"name":"Wh"}}"#
        )
        #expect(
            json(.array([CaptureObject.clock.data]), context: context(7, 3))
                == #"[{"class_id":8,"logical_name":"0.0.1.0.0.255","attribute_index":2,"data_index":0}]"#
        )
        #expect(
            json(.unsigned(0x82), context: context(8, 4)) == #"{"code":130,"set":["doubtful","dst-active"]}"#
        )
    }

    @Test func octetStringsAreDecodedOnlyWhenTheModelSaysSo() {
        let octets = DLMSData.octetString([0x41, 0x42, 0x43, 0x01])
        #expect(json(octets) == #"{"hex":"41424301","text":null}"#)
        #expect(json(.octetString(Array("ABC".utf8))) == #"{"hex":"414243","text":"ABC"}"#)
        let serial = OBISCode(0, 0, 96, 1, 0, 255)
        #expect(json(.octetString(Array("ABC".utf8)), context: context(1, 2, serial)) == #""ABC""#)
        #expect(json(octets, context: context(1, 2, serial)) == #"{"hex":"41424301","text":null}"#)
        // Twelve octets are no date unless something says so.
        let time = COSEMDateTime(year: 2026, month: 11, dayOfMonth: 22, hour: 8, minute: 15, second: 0)
        #expect(json(.octetString(time.octets)).hasPrefix(#"{"hex""#))
        #expect(json(.octetString(time.octets), context: context(8, 2)) == #""2026-11-22T08:15:00""#)
        #expect(json(.visibleString([0x41, 0xFF])) == #"{"hex":"41FF"}"#)
    }

    @Test func aShapeThatDoesNotFitDegradesToTheTypeItself() {
        #expect(json(.structure([.unsigned(1)]), context: context(3, 3)) == "[1]")
        #expect(json(.octetString([1, 2]), context: context(8, 2)) == #"{"hex":"0102","text":null}"#)
        #expect(json(.unsigned(3), context: context(9999, 2)) == "3")
    }

    @Test func anyValueUnderAnyShapeIsWellFormed() throws {
        var generator = SeededGenerator(seed: 23)
        let shapes = InterfaceClassRegistry.standard.classes.flatMap { $0.attributes.map(\.shape) }
        for round in 0..<6000 {
            let tag = DataTag.allCases[round % DataTag.allCases.count]
            let data = DLMSData.random(tag, depth: 0, using: &generator)
            var context = ValueContext(shape: shapes[round % shapes.count])
            if round % 3 == 0 { context.quantity = .known(ScalerUnit(scaler: Int8(round % 128), unitCode: 30)) }
            if round % 5 == 0 { context.quantity = .known(ScalerUnit(scaler: -Int8(round % 128), unitCode: 255)) }
            context.numbersAsStrings = round % 2 == 0
            let text = json(data, context: context)
            #expect(throws: Never.self, "\(text)") { try JSONReader.parse(Array(text.utf8)) }
        }
    }

    @Test func bitStringsNameTheirBits() {
        let bits = BitString(count: 24, packedOctets: [0x00, 0x00, 0x1D])
        let association = OBISCode(0, 0, 40, 0, 0, 255)
        let context = ValueContext.attribute(classID: 15, version: 1, logicalName: association, index: 5)
        let data = DLMSData.structure([
            .bitString(bits), .longUnsigned(1), .longUnsigned(1), .unsigned(6), .integer(0), .octetString([]),
        ])
        #expect(
            json(data, context: context).hasPrefix(
                #"{"conformance":{"bits":"000000000000000000011101","set":["get","set","selective-access","action"]}"#
            )
        )
        #expect(json(.bitString(bits)) == #"{"bits":"000000000000000000011101","set":null}"#)
    }
}
