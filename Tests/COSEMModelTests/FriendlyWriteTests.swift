// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Testing

@Suite struct FriendlyWriteTests {
    private func read(_ text: String, _ context: ValueContext, last: DLMSData? = nil) throws -> DLMSData {
        let value = try JSONReader.parse(Array(text.utf8))
        return try ValueReader(context: context, lastRead: last).data(from: value, at: "/value")
    }

    private func context(_ classID: UInt16, _ index: Int8, _ unit: ScalerUnit? = nil) -> ValueContext {
        .attribute(
            classID: classID,
            version: 0,
            logicalName: OBISCode(1, 0, 1, 8, 0, 255),
            index: index,
            scalerUnit: unit
        )
    }

    @Test func theModelGivesTheType() throws {
        #expect(try read("900", context(7, 4)) == .doubleLongUnsigned(900))
        #expect(try read(#""lifo""#, context(7, 5)) == .enumeration(2))
        #expect(try read("true", context(8, 8)) == .boolean(true))
        #expect(try read("-60", context(8, 3)) == .long(-60))
        #expect(
            try read(#"{"scaler":-1,"unit":"Wh"}"#, context(3, 3)) == ScalerUnit(scaler: -1, unitCode: 30).data
        )
    }

    @Test func theValueReadLastGivesTheTypeWhereTheModelDoesNot() throws {
        #expect(try read("17", context(1, 2), last: .longUnsigned(0)) == .longUnsigned(17))
        let error = #expect(throws: ValueError.self) { try read("17", context(1, 2)) }
        #expect(error == .typeRequired(at: "/value"))
        #expect(
            try read("[1,[2,3]]", context(1, 2), last: .structure([.unsigned(0), .array([.long(0)])]))
                == .structure([.unsigned(1), .array([.long(2), .long(3)])])
        )
    }

    @Test func octetStringsComeAsTextHexOrBase64() throws {
        let last = DLMSData.octetString([])
        let expected = DLMSData.octetString([0x41, 0x42, 0x43])
        #expect(try read(#"{"text":"ABC"}"#, context(1, 2), last: last) == expected)
        #expect(try read(#"{"hex":"414243"}"#, context(1, 2), last: last) == expected)
        #expect(try read(#"{"base64":"QUJD"}"#, context(1, 2), last: last) == expected)
        #expect(try read(#"{"hex":"414243","text":"ABC"}"#, context(1, 2), last: last) == expected)
        #expect(throws: ValueError.self) { try read(#"{"hex":"41","text":"B"}"#, context(1, 2), last: last) }
        #expect(throws: ValueError.self) { try read(#""ABC""#, context(1, 2), last: last) }
    }

    @Test func quantitiesAreUnscaledExactly() throws {
        let unit = ScalerUnit(scaler: -1, unitCode: 30)
        let last = DLMSData.doubleLongUnsigned(0)
        #expect(try read("230.1", context(3, 2, unit), last: last) == .doubleLongUnsigned(2301))
        #expect(
            try read(#"{"value":2.5,"unit":"kWh"}"#, context(3, 2, unit), last: last) == .doubleLongUnsigned(25_000)
        )
        #expect(try read(#"{"raw":2301}"#, context(3, 2, unit), last: last) == .doubleLongUnsigned(2301))
        for text in ["230.15", "-1", #"{"value":1,"raw":11}"#, #"{"value":1,"unit":"V"}"#, #"{"raw":1,"scaler":0}"#] {
            #expect(throws: ValueError.self) { try read(text, context(3, 2, unit), last: last) }
        }
    }

    @Test func faultsSayWhereAndWhatIsExpected() {
        let error = #expect(throws: ValueError.self) { try read("70000", context(5, 9)) }
        #expect(error == .outOfRange(at: "/value", expected: "a number from 0 to 65535 in steps of 1"))
        let name = #expect(throws: ValueError.self) { try read(#""fif""#, context(7, 5)) }
        #expect(name?.description.contains("did you mean \"fifo\"") == true)
        let member = #expect(throws: ValueError.self) {
            try read(#"[{"class_id":3,"logical_name":"1.0.1.8.0.255","attribute_index":2}]"#, context(7, 3))
        }
        #expect(member?.pointer == "/value/0/data_index")
    }

    @Test func theFriendlyFormReadsBackWhenTheTypeIsKnown() throws {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<3000 {
            let tag = DataTag.allCases[round % DataTag.allCases.count]
            switch tag {
            case .compactArray, .nullData, .dontCare, .float32, .float64, .array, .structure, .dateTime, .date, .time:
                continue
            default: break
            }
            let data = DLMSData.random(tag, depth: 0, using: &generator)
            #expect(try read(json(data), ValueContext(), last: data) == data)
        }
    }
}
