// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Testing

@Suite struct CompactDataTests {
    // Published (compact-data-logbook): the logbook example of the Blue Book, 50 entries of UNIX time and event; the count is in the buffer.
    @Test func theLogbookExampleIsTakenApart() throws {
        let template = try #require(Hexadecimal.octets(of: "0202110102020611"))
        let entry = try #require(Hexadecimal.octets(of: "51EE530529"))
        let buffer = [0x02, 0x32] + Array(repeatElement(entry, count: 50).joined())
        let values = try CompactData(buffer: buffer, template: template).values
        #expect(values.first == .unsigned(2))
        let expected = DLMSData.structure([.doubleLongUnsigned(1_374_573_317), .unsigned(41)])
        #expect(values.last == .array(Array(repeating: expected, count: 50)))
    }

    // Observed: the template written as in a compact array, with the count of elements in it.
    @Test func aCountMayStandInTheTemplate() throws {
        let template = try #require(Hexadecimal.octets(of: "020211" + "010003" + "12"))
        let values = try CompactData(buffer: [7, 0, 1, 0, 2, 0, 3], template: template).values
        #expect(values == [.unsigned(7), .array([.longUnsigned(1), .longUnsigned(2), .longUnsigned(3)])])
    }

    @Test func whatDoesNotFitIsRefused() {
        #expect(throws: CompactData.Fault.template) { try CompactData(buffer: [1], template: [0x11]) }
        #expect(throws: CompactData.Fault.template) { try CompactData(buffer: [1], template: [0x02, 0x02, 0x11]) }
        #expect(throws: CompactData.Fault.buffer) { try CompactData(buffer: [1], template: [0x02, 0x01, 0x12]) }
        #expect(throws: CompactData.Fault.buffer) { try CompactData(buffer: [1, 2], template: [0x02, 0x01, 0x11]) }
        // An array of nulls takes no octets but its count.
        let nulls: [UInt8] = [0x02, 0x02, 0x01, 0x01, 0x00, 0x11]
        #expect(throws: CompactData.Fault.buffer) {
            try CompactData(buffer: [0x82, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 3), template: nulls)
        }
    }
}
