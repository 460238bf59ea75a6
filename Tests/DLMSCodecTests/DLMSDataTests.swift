// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct DLMSDataTests {
    @Test func randomValuesComeBackAsTheyWere() throws {
        var generator = SeededGenerator(state: 1)
        for _ in 0..<12_000 {
            let value = generator.data()
            let octets = value.octets
            let decoded = try DLMSData(octets: octets)
            #expect(decoded == value)
            #expect(decoded.octets == octets)
        }
    }

    @Test func everyTypeHasItsTagAndName() {
        #expect(DataTag.allCases.count == 31)
        for tag in DataTag.allCases {
            #expect(DataTag(name: tag.name) == tag)
        }
        #expect(DLMSData.doubleLongUnsigned(1).typeName == "double-long-unsigned")
        #expect(DLMSData.dontCare.tag == 0xFF)
    }

    @Test(arguments: [0x07, 0x08, 0x0B, 0x0E, 0x22, 0x80, 0xFE] as [UInt8])
    func reservedTagsAreRefused(_ tag: UInt8) {
        let error = #expect(throws: DecodeError.self) { try DLMSData(octets: [0x02, 0x01, tag, 0, 0, 0, 0]) }
        #expect(error?.reason == .unknownTag(tag))
        #expect(error?.offset == 2)
    }

    @Test func anyBooleanOctetButZeroIsTrue() throws {
        #expect(try DLMSData(octets: [0x03, 0xFF]) == .boolean(true))
        #expect(try DLMSData(octets: [0x03, 0x00]) == .boolean(false))
        #expect(DLMSData.boolean(true).octets == [0x03, 0x01])
    }

    @Test(arguments: [0x7FC0_0001, 0xFFFF_FFFF, 0x7F80_0001, 0x8000_0000] as [UInt32])
    func floatBitPatternsSurvive(_ pattern: UInt32) throws {
        let value = DLMSData.float32(bitPattern: pattern)
        #expect(try DLMSData(octets: value.octets) == value)
    }

    @Test func paddingBitsAreCleared() throws {
        let value = try DLMSData(octets: [0x04, 0x03, 0xBF])
        #expect(value == .bitString(BitString([true, false, true])))
        #expect(value.octets == [0x04, 0x03, 0xA0])
        #expect(BitString(text: "101")?.text == "101")
        #expect(BitString(text: "12") == nil)
        #expect(BitString([true])[5] == false)
    }

    @Test func lengthsLongerThanNeededAreAccepted() throws {
        #expect(try DLMSData(octets: [0x09, 0x82, 0x00, 0x01, 0xAA]) == .octetString([0xAA]))
        #expect(try DLMSData(octets: [0x09, 0x85, 0, 0, 0, 0, 0x01, 0xAA]) == .octetString([0xAA]))
    }

    @Test(
        arguments: [[0x09, 0x80], [0x09, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0x09, 0x88, 0x7F, 0, 0, 0, 0, 0, 0, 0]]
            as [[UInt8]]
    )
    func impossibleLengthsAreRefused(_ octets: [UInt8]) {
        let error = #expect(throws: DecodeError.self) { try DLMSData(octets: octets) }
        guard case .invalidLength = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func countsBeyondTheInputAreRefusedAtOnce() {
        let error = #expect(throws: DecodeError.self) { try DLMSData(octets: [0x01, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0]) }
        #expect(error?.reason == .countTooLarge(0x7FFF_FFFF))
    }

    @Test func nestingIsLimited() throws {
        let deepest = Array(repeatElement([0x02, 0x01] as [UInt8], count: 32).joined()) + [0x00]
        _ = try DLMSData(octets: deepest)
        let error = #expect(throws: DecodeError.self) { try DLMSData(octets: [0x01, 0x01] + deepest) }
        #expect(error?.reason == .nestedTooDeep(limit: 32))
        let millions = Array(repeatElement([0x02, 0x01] as [UInt8], count: 1_000_000).joined())
        #expect(throws: DecodeError.self) { try DLMSData(octets: millions) }
    }

    @Test func randomOctetsNeverCrash() {
        var generator = SeededGenerator(state: 2)
        let tags = DataTag.allCases.map(\.rawValue)
        for _ in 0..<100_000 {
            var octets = generator.octets(upTo: 64)
            // Mostly valid tags reach deeper than octets that are refused at once.
            if let tag = tags.randomElement(using: &generator) { octets.insert(tag, at: 0) }
            if let value = try? DLMSData(octets: octets) {
                #expect((try? DLMSData(octets: value.octets)) == value)
            }
        }
    }
}
