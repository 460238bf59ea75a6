// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct CompactDataTemplateTests {
    @Test func countsOfArraysStandInTheBuffer() throws {
        let vector = try #require(Vector.load("compact-data").first)
        let template = try #require(Hexadecimal.octets(of: "0202110102020611"))
        let value = try CompactDataTemplate.decode(buffer: vector.octets, template: template)
        guard case .structure(let members) = value, case .array(let entries) = members.last else {
            Issue.record("\(value)")
            return
        }
        #expect(members.first == .unsigned(2))
        #expect(entries.count == 50)
        #expect(entries.first == .structure([.doubleLongUnsigned(1_374_573_317), .unsigned(41)]))
        let description = try CompactDataTemplate(octets: template, countPlacement: .buffer)
        #expect(description.octets == template)
        #expect(description.encode(value) == (try vector.octets))
        #expect(description.encode(.structure([.unsigned(1)])) == nil)
        for count in try vector.octets.indices {
            #expect(throws: DecodeError.self) { try description.decode(Array(vector.octets.prefix(count))) }
        }
    }

    @Test func countsOfArraysMayStandInTheTemplate() throws {
        let template: [UInt8] = [0x02, 0x02, 0x11, 0x01, 0x00, 0x02, 0x12]
        let value = try CompactDataTemplate.decode(buffer: [7, 0, 1, 0, 2], template: template)
        #expect(value == .structure([.unsigned(7), .array([.longUnsigned(1), .longUnsigned(2)])]))
        let description = try CompactDataTemplate(octets: template, countPlacement: .template)
        #expect(description.octets == template)
        #expect(description.encode(value) == [7, 0, 1, 0, 2])
    }

    @Test func nullDataCannotMultiply() throws {
        let template: [UInt8] = [0x01, 0x00]
        let description = try CompactDataTemplate(octets: template, countPlacement: .buffer)
        #expect(throws: DecodeError.self) { try description.decode([0x84, 0x7F, 0xFF, 0xFF, 0xFF]) }
    }
}
