// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct CompactArrayTests {
    @Test func nestedElementsAreTakenApart() throws {
        // structure { array of 2 unsigned, null-data, octet-string }, two elements
        let octets: [UInt8] = [
            0x13, 0x02, 0x03, 0x01, 0x00, 0x02, 0x11, 0x00, 0x09, 0x08, 1, 2, 1, 0xAA, 3, 4, 1, 0xBB,
        ]
        guard case .compactArray(let array) = try DLMSData(octets: octets) else {
            Issue.record("not a compact array")
            return
        }
        let elements = try array.elements()
        #expect(
            elements == [
                .structure([.array([.unsigned(1), .unsigned(2)]), .nullData, .octetString([0xAA])]),
                .structure([.array([.unsigned(3), .unsigned(4)]), .nullData, .octetString([0xBB])]),
            ]
        )
        #expect(CompactArray(elements: elements) == array)
    }

    @Test func valuesOfDifferentShapesHaveNoCompactForm() {
        #expect(CompactArray(elements: [.unsigned(1), .long(1)]) == nil)
        #expect(CompactArray(elements: [.nullData]) == nil)
        #expect(CompactArray(elements: []) == nil)
    }

    @Test func contentsThatEndWithinAnElementAreRefused() {
        #expect(throws: DecodeError.self) { try DLMSData(octets: [0x13, 0x12, 0x03, 0, 1, 0]) }
    }

    @Test func elementsWithoutOctetsAreRefusedUnlessThereAreNone() throws {
        _ = try DLMSData(octets: [0x13, 0x00, 0x00])
        #expect(throws: DecodeError.self) { try DLMSData(octets: [0x13, 0x00, 0x01, 0x00]) }
        #expect(throws: DecodeError.self) { try DLMSData(octets: [0x13, 0x02, 0x00, 0x01, 0x00]) }
    }

    @Test func columnsOfNullDataCannotMultiply() {
        // 65 535 x 65 535 null-data and one octet, in 13 octets
        let repeated: [UInt8] = [0x01, 0xFF, 0xFF, 0x01, 0xFF, 0xFF, 0x00]
        let error = #expect(throws: DecodeError.self) {
            try DLMSData(octets: [0x13, 0x02, 0x02] + repeated + [0x11, 0x01, 0x07])
        }
        guard case .countTooLarge = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func smallCompactArraysCannotMultiplyEither() throws {
        // 1 008 null-data beside one octet: thousands of these fit into one answer.
        #expect(throws: DecodeError.self) {
            try DLMSData(octets: [0x13, 0x02, 0x02, 0x01, 0x03, 0xF0, 0x00, 0x11, 0x01, 0x07])
        }
        // A few columns of null-data beside a value are an honest row.
        let row: [UInt8] = [0x13, 0x02, 0x06, 0x11, 0x00, 0x00, 0x00, 0x00, 0x12, 0x06, 1, 0, 2, 3, 0, 4]
        guard case .compactArray(let array) = try DLMSData(octets: row) else {
            Issue.record("not a compact array")
            return
        }
        #expect(try array.elements().count == 2)
    }

    @Test func countsThatMultiplyBeyondAnyNumberAreRefused() {
        let levels = [[UInt8]](repeating: [0x01, 0xFF, 0xFF], count: 20).flatMap(\.self)
        #expect(throws: DecodeError.self) { try DLMSData(octets: [0x13] + levels + [0x11, 0x01, 0x07]) }
    }

    @Test func aDescriptionCannotHoldACompactArray() {
        #expect(throws: DecodeError.self) { try DLMSData(octets: [0x13, 0x13, 0x11, 0x00]) }
    }
}
