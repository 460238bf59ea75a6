// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite("Profiles and times of the text protocol")
struct TextProfileTests {
    private static func profile(_ text: String) throws -> TextProfile {
        try TextProfile(TextDataBlock(octets: Array(text.utf8)))
    }

    @Test func `Rows follow their header`() throws {
        let profile = try Self.profile(
            "P.01(0261122001500)(08)(15)(2)(1.5.0)(kW)(2.5.0)(kW)\r\n(0.125)(0.000)\r\n(0.250)(0.001)\r\n"
                + "P.01(0261122013000)(00)(15)(2)(1.5.0)(kW)(2.5.0)(kW)\r\n(0.500)(0.002)\r\n"
        )
        #expect(profile.sections.count == 2)
        let first = try #require(profile.sections.first)
        #expect(first.status == 8)
        #expect(first.period == 15)
        #expect(first.columns.map(\.address) == ["1.5.0", "2.5.0"])
        #expect(first.columns.map(\.unit) == ["kW", "kW"])
        #expect(first.rows == [["0.125", "0.000"], ["0.250", "0.001"]])
        #expect(first.time.season == .standard)
        #expect(first.time.date == COSEMDate(year: 2026, month: 11, dayOfMonth: 22))
    }

    @Test func `Rows on one line are told apart by the number of columns`() throws {
        let profile = try Self.profile("P.01(1260701001500)(00)(15)(1)(1.5.0)(kW)(0.1)(0.2)(0.3)\r\n")
        #expect(profile.sections.first?.rows == [["0.1"], ["0.2"], ["0.3"]])
        #expect(profile.sections.first?.time.season == .daylightSaving)
    }

    @Test func `Missing values are told`() throws {
        let profile = try Self.profile("P.01(2611220015)(00)(15)(2)(1.5.0)(kW)(2.5.0)(kW)\r\n(ERROR)\r\n(-)(0.2)\r\n")
        #expect(profile.sections.first?.rows == [[nil, nil], [nil, "0.2"]])
        #expect(profile.sections.first?.time.season == nil)
        #expect(try Self.profile("P.01(ERROR)\r\n").isEmpty)
    }

    @Test func `An entry of a log book may be its time alone`() throws {
        let profile = try Self.profile("P.98(0261122001512)(0080)()(0)\r\nP.98(0261122003000)(0040)()(0)\r\n")
        #expect(profile.sections.map(\.status) == [0x80, 0x40])
        #expect(profile.sections.map(\.rows.count) == [1, 1])
    }

    @Test(arguments: [
        "(0.1)\r\n", "P.01(x)(00)(15)(1)(1.5.0)(kW)\r\n", "P.01(2611220015)(00)(15)(2)(1.5.0)(kW)\r\n",
        "P.01(2611220015)(00)(15)(2)(1.5.0)(kW)(2.5.0)(kW)\r\n(1)\r\n", "P.01(2611220015)(zz)(15)(1)(1.5.0)(kW)\r\n",
        "P.01(2611320015)(00)(15)(1)(1.5.0)(kW)\r\n",
    ])
    func `What is no profile is refused`(text: String) {
        #expect(throws: DecodeError.self) { try Self.profile(text) }
    }

    @Test(arguments: [
        ("124500", TextTime.Kind.time), ("12:45:00", .time), ("1245", .time), ("1124500", .time),
    ])
    func `A time of day is read`(text: String, kind: TextTime.Kind) throws {
        let time = try #require(TextTime(text, as: kind))
        #expect(time.time == COSEMTime(hour: 12, minute: 45, second: 0, hundredths: nil))
        #expect(time.text(like: text, as: kind) == text)
    }

    @Test(arguments: ["261122", "26-11-22", "0261122", "20261122", "2026-11-22"])
    func `A date is read`(text: String) throws {
        let date = try #require(TextTime(text, as: .date))
        #expect(date.date == COSEMDate(year: 2026, month: 11, dayOfMonth: 22))
        #expect(date.text(like: text, as: .date) == text)
    }

    @Test(arguments: [
        "261122124500", "0261122124500", "2611221245", "261122124500W", "26-11-22 12:45:00", "20261122124500",
    ])
    func `A date with a time is read and written alike`(text: String) throws {
        let moment = try #require(TextTime(text, as: .dateTime))
        #expect(moment.date.dayOfMonth == 22)
        #expect(moment.time.minute == 45)
        #expect(moment.text(like: text, as: .dateTime) == text)
    }

    @Test(arguments: ["", "2613", "261332", "261122246000", "26112212450", "9261122124500", "abc", "0261122124500S"])
    func `What is no date with a time is refused`(text: String) {
        #expect(TextTime(text, as: .dateTime) == nil)
    }
}
