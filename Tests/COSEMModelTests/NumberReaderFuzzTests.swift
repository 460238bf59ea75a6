// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import JSONText
import Testing
import Timekeeping

/// Numbers, decimals and durations come from callers, and whatever is in them must not end the process.
@Suite("Readers of numbers bear any text")
struct NumberReaderFuzzTests {
    private static let edges = [
        "0", "00", "1", "10", "999", "1000", "9223372036854775806", "9223372036854775807", "9223372036854775808",
        "-9223372036854775807", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "99999999999999999999", "9223372036854", "9223372036855", "106751991",
        "999999999999999",
    ]

    private func text(of pieces: [String], using generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...8, using: &generator)).map { _ in
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: Self.edges.randomElement(using: &generator) ?? ""
            case 1: String(Int.random(in: 0...999, using: &generator))
            default: pieces.randomElement(using: &generator) ?? ""
            }
        }.joined()
    }

    @Test(
        "JSON numbers",
        arguments: [
            ("0e9223372036854775807", 0), ("10e9223372036854775807", nil), ("10e-9223372036854775808", nil),
            ("0.0e-9223372036854775808", 0), ("100e-2", 1),
        ] as [(String, Int64?)]
    )
    func number(text: String, value: Int64?) throws {
        #expect(try #require(JSONNumber(text: text)).exactInt64 == value)
    }

    @Test("Decimals with exponents at the ends of the range")
    func decimal() {
        for text in ["1e-9223372036854775808", "1e9223372036854775807", "0.1e-9223372036854775808", "1e1000"] {
            #expect(DecimalText.shifted(text, by: -2) == nil)
            #expect(DecimalText.raw(text, scaler: -2, as: UInt32.self) == nil)
        }
        #expect(DecimalText.shifted("1", by: .min) == "1e\(Int.min)")
    }

    @Test(
        "Durations at the end of the range",
        arguments: [
            "PT9223372036854.9S", "PT9223372036854.775808S", "P106751991DT4H1M", "PT9223372036855S",
        ]
    )
    func duration(text: String) {
        #expect(Duration(iso8601: text) == nil)
    }

    @Test("Moments at the ends of the range are written at any offset")
    func moment() {
        for moment in [Timestamp(seconds: .max), Timestamp(seconds: .min)] {
            for offset in [-1439, 0, 1439] { #expect(!moment.rfc3339(offsetMinutes: offset).isEmpty) }
        }
    }

    @Test("Thousands of texts of digits, signs, points and exponents")
    func texts() {
        var generator = SeededGenerator(seed: 11)
        var numbers = 0
        var durations = 0
        for _ in 0..<2_000 {
            let text = text(of: ["e", "E", "e-", "e+", ".", "-", "0", "00000", "e-9", "9e"], using: &generator)
            if let number = JSONNumber(text: text) {
                numbers += 1
                if let value = number.exactInt64 { #expect(Double(value) == number.double, "\(text)") }
                _ = number.exactUInt64
                _ = number.exactInteger(as: Int8.self)
            }
            for scaler in [-128, -1, 0, 127] {
                _ = DecimalText.shifted(text, by: scaler)
                _ = DecimalText.raw(text, scaler: scaler, as: Int64.self)
            }
            let time = self.text(
                of: ["P", "PT", "T", "W", "D", "H", "M", "S", ".9S", ",999999S", "ms", "s", "m", "h", "d"],
                using: &generator
            )
            for text in [time, "P" + time, "PT" + time + "S"] {
                guard let duration = Duration(iso8601: text) else { continue }
                durations += 1
                _ = (Timestamp(seconds: 1_795_132_800) - duration).rfc3339
            }
        }
        #expect(numbers > 20)
        #expect(durations > 20)
    }
}
