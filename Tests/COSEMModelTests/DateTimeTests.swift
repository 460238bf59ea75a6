// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Testing

@Suite struct DateTimeTests {
    private func octets(_ hex: String) throws -> COSEMDateTime {
        try COSEMDateTime(octets: #require(Hexadecimal.octets(of: hex)))
    }

    @Test(arguments: [
        ("07EA0B1607080F0000FFC400", "2026-11-22T08:15:00+01:00"),
        ("07EA0B1607080F00FFFFC400", "2026-11-22T08:15:00+01:00"),
        ("07EA0B1607080F0019800000", "2026-11-22T08:15:00.25"),
        ("07EA0B16FF080F0000014A80", "2026-11-22T08:15:00-05:30"),
        ("07EA0B1607080F0000000000", "2026-11-22T08:15:00+00:00"),
    ])
    func completeTimesAreText(hex: String, text: String) throws {
        #expect(DateTimeText.iso(try octets(hex)) == text)
    }

    @Test func aMeterWithTheOtherSignIsRead() throws {
        #expect(DateTimeText.iso(try octets("07EA0B1607080F0000003C00"), invertsDeviation: true)?.suffix(6) == "+01:00")
    }

    @Test func openFieldsAreShownByName() throws {
        let rule = try octets("FFFFFEFE07020000FF800000")
        #expect(
            json(.dateTime(rule))
                == #"{"iso":null,"year":null,"month":"dst-begin","dayOfMonth":"last","dayOfWeek":7,"hour":2,"#
                + #""minute":0,"second":0,"hundredths":null,"deviationMinutes":null,"status":[],"#
                + #""hex":"FFFFFEFE07020000FF800000"}"#
        )
    }

    @Test func everyCombinationOfOpenFieldsComesBack() throws {
        let context = ValueContext(shape: .simple(.dateTime, .plain))
        for mask in 0..<1024 {
            var raw: [UInt8] = [0x07, 0xEA, 11, 22, 7, 8, 15, 30, 25, 0xFF, 0xC4, 0x80]
            let places: [[Int]] = [[0, 1], [2], [3], [4], [5], [6], [7], [8], [9, 10], [11]]
            for (bit, place) in places.enumerated() where mask >> bit & 1 != 0 {
                for index in place { raw[index] = 0xFF }
                if bit == 8 {
                    raw[9] = 0x80
                    raw[10] = 0
                }
            }
            let data = DLMSData.dateTime(try COSEMDateTime(octets: raw))
            let text = json(data)
            let value = try JSONReader.parse(Array(text.utf8))
            // A complete text says nothing about status, day of week and hundredths of zero.
            guard var object = value.object else { continue }
            #expect(try ValueReader(context: context).data(from: value) == data, "\(text)")
            object["hex"] = nil
            #expect(try ValueReader(context: context).data(from: .object(object)) == data, "\(text)")
        }
    }

    @Test func fieldsThatDisagreeWithTheHexAreRefused() throws {
        let context = ValueContext(shape: .simple(.dateTime, .plain))
        for text in [
            #"{"year":2027,"hex":"FFFFFEFE07020000FF800000"}"#,
            #"{"month":null,"hex":"FFFFFEFE07020000FF800000"}"#,
            #"{"yaer":2027}"#, #"{"hour":"two"}"#,
        ] {
            let value = try JSONReader.parse(Array(text.utf8))
            #expect(throws: ValueError.self) { try ValueReader(context: context).data(from: value) }
        }
    }

    @Test func textIsReadIntoAllFields() throws {
        let context = ValueContext.attribute(
            classID: 8,
            version: 0,
            logicalName: OBISCode(0, 0, 1, 0, 0, 255),
            index: 2
        )
        let reader = ValueReader(context: context)
        #expect(
            try reader.data(from: "2026-11-22T08:15:00+01:00").octets
                == Hexadecimal.octets(of: "090C07EA0B1607080F0000FFC400")
        )
        #expect(try reader.data(from: "2026-11-22T08:15:00.25Z").octets.last == 0)
        for text in ["2026-02-30T00:00:00Z", "2026-11-22", "2026-11-22T24:00:00Z", "now", "2026-11-22T08:15:00+1:00"] {
            #expect(throws: ValueError.self) { try reader.data(from: .string(text)) }
        }
    }
}
