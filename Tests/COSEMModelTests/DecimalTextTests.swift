// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import Testing

@Suite struct DecimalTextTests {
    @Test(arguments: [
        (2301, -1, "230.1"), (5, 3, "5000"), (0, -2, "0.00"), (0, 5, "0"), (-5, -3, "-0.005"), (-120, -1, "-12.0"),
        (1_234_567, -2, "12345.67"), (7, 0, "7"), (-7, 2, "-700"), (100, -3, "0.100"),
    ])
    func scalingKeepsEveryDigit(raw: Int, scaler: Int, text: String) {
        #expect(DecimalText.scaled(raw, scaler: scaler) == text)
    }

    @Test func theWidestNumbersAndScalersStayExact() {
        #expect(DecimalText.scaled(UInt64.max, scaler: 0) == "18446744073709551615")
        #expect(DecimalText.scaled(UInt64.max, scaler: -19) == "1.8446744073709551615")
        #expect(DecimalText.scaled(Int64.min, scaler: -1) == "-922337203685477580.8")
        #expect(DecimalText.scaled(1, scaler: -128).count == 130)
        #expect(DecimalText.scaled(1, scaler: 127).count == 128)
    }

    @Test func textComesBackAsTheRawNumber() {
        #expect(DecimalText.raw("230.1", scaler: -1, as: UInt32.self) == 2301)
        #expect(DecimalText.raw("2.301e2", scaler: -1, as: UInt32.self) == 2301)
        #expect(DecimalText.raw("5000", scaler: 3, as: UInt8.self) == 5)
        #expect(DecimalText.raw("-0.0", scaler: -1, as: UInt8.self) == 0)
        #expect(DecimalText.raw("18446744073709551615", scaler: 0, as: UInt64.self) == .max)
        #expect(DecimalText.raw("230.15", scaler: -1, as: UInt32.self) == nil)
        #expect(DecimalText.raw("5001", scaler: 3, as: UInt32.self) == nil)
        #expect(DecimalText.raw("-1", scaler: 0, as: UInt32.self) == nil)
        #expect(DecimalText.raw("256", scaler: 0, as: UInt8.self) == nil)
        #expect(DecimalText.raw("1e400", scaler: 0, as: UInt64.self) == nil)
    }

    @Test func rawAndTextAreInverse() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            let raw = Int64.random(in: .min ... .max, using: &generator)
            let scaler = Int.random(in: -30...10, using: &generator)
            #expect(DecimalText.raw(DecimalText.scaled(raw, scaler: scaler), scaler: scaler, as: Int64.self) == raw)
        }
    }

    @Test func thePointOfADecimalMoves() {
        #expect(DecimalText.shifted("1.5", by: 1) == "15")
        #expect(DecimalText.shifted("1e+20", by: -2) == "1000000000000000000")
        #expect(DecimalText.shifted("-0.25", by: -1) == "-0.025")
        #expect(DecimalText.shifted("1.5e-300", by: -2) == "15e-303")
    }
}
