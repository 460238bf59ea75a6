// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct COSEMDateTimeTests {
    private func dateTime(_ hex: String) throws -> COSEMDateTime {
        try COSEMDateTime(octets: try #require(Hexadecimal.octets(of: hex)))
    }

    @Test func deviationIsAddedToLocalTimeToGetUTC() throws {
        // 2021-01-14 10:11:12 at UTC+1
        #expect(try dateTime("07E5010E040A0B0C00FFC400").secondsSinceEpoch == 1_610_615_472)
        #expect(try dateTime("07E001040109320A00012C00").secondsSinceEpoch == 1_451_919_010)
    }

    @Test func timesWithoutDeviationOrDateHaveNoInstant() throws {
        #expect(try dateTime("07E60B0C0610360000800000").secondsSinceEpoch == nil)
        #expect(try dateTime("07E60B0C0610360000800000").localSecondsSinceEpoch == 1_668_272_040)
        #expect(try dateTime("07E5FFFEFFFFFFFFFF8000FF").localSecondsSinceEpoch == nil)
        #expect(try dateTime("07E5021DFF00000000000000").secondsSinceEpoch == nil)
    }

    @Test func instantsBecomeTheSameLocalTime() throws {
        let value = try #require(COSEMDateTime(secondsSinceEpoch: 1_610_615_472, deviationMinutes: -60))
        #expect(Hexadecimal.text(of: value.octets) == "07E5010E040A0B0C00FFC400")
        for seconds in stride(from: -60_000_000_000 as Int64, to: 2_000_000_000_000, by: 7_777_777_777) {
            let value = try #require(COSEMDateTime(secondsSinceEpoch: seconds, deviationMinutes: -120))
            #expect(value.secondsSinceEpoch == seconds)
        }
        #expect(COSEMDateTime(secondsSinceEpoch: .max, deviationMinutes: 0) == nil)
        #expect(COSEMDateTime(secondsSinceEpoch: 0, deviationMinutes: .min) == nil)
    }

    @Test func dayOfWeekIsComputed() {
        #expect(COSEMDate(year: 2024, month: 2, dayOfMonth: 29).dayOfWeek == 4)
        #expect(COSEMDate(year: 1970, month: 1, dayOfMonth: 1).dayOfWeek == 4)
        #expect(COSEMDate(year: 2024, month: nil, dayOfMonth: 29).dayOfWeek == nil)
    }

    @Test func marksAreToldFromNumbers() throws {
        let begin = try dateTime("FFFFFEFE0702000000800000")
        #expect(begin.date.isDaylightSavingBegin)
        #expect(begin.date.isLastDayOfMonth)
        #expect(begin.date.month == nil)
        #expect(begin.date.year == nil)
        #expect(try dateTime("07E5FDFDFFFFFFFFFF8000FF").date.isDaylightSavingEnd)
        #expect(try dateTime("07E5FDFDFFFFFFFFFF8000FF").date.isSecondLastDayOfMonth)
    }

    @Test func clockStatusBitsAreNamed() throws {
        let status = try dateTime("07E5010E040A0B0C00FFC483").clockStatus
        #expect(status == [.invalidValue, .doubtfulValue, .daylightSavingActive])
        #expect(try dateTime("07E5FDFDFFFFFFFFFF8000FF").clockStatus == nil)
    }
}
