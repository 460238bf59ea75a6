// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel

/// A unit as text meters write it: the COSEM unit, and the power of ten that its prefix means.
struct TextUnit: Hashable, Sendable {
    /// The code of the unit (Blue Book, enumeration of units).
    let code: UInt8
    /// The power of ten.
    let exponent: Int

    /// What meters write in place of the symbol, in small letters.
    private static let spellings: [String: UInt8] = [
        "wh": 30, "vah": 31, "varh": 32, "w": 27, "va": 28, "var": 29, "v": 35, "a": 33, "hz": 44, "j": 25,
        "m3": 13, "m^3": 13, "m3/h": 15, "m^3/h": 15, "l": 19, "bar": 24, "pa": 23, "%": 56, "c": 9, "degc": 9, "k": 52,
        "s": 7, "sec": 7, "min": 6, "h": 5, "d": 4, "deg": 8, "kg": 20,
    ]
    /// Units that meters count in millions of, but not in thousandths: a small m in front of them is nobody's milli.
    private static let large: Set<UInt8> = [30, 31, 32, 25]
    /// Units with a prefix at all.
    private static let prefixed: Set<UInt8> = [23, 24, 25, 27, 28, 29, 30, 31, 32, 33, 35, 44]

    /// Reads `kWh`, `KWH`, `Mvarh`, `V`, `m3`; nil for a unit that is not known, or whose prefix is not clear.
    init?(_ text: String) {
        let trimmed = text.filter { $0 != " " }
        let small = trimmed.lowercased()
        if let code = Self.spellings[small] {
            self.init(code: code, exponent: 0)
            return
        }
        guard let prefix = trimmed.first, let code = Self.spellings[String(small.dropFirst())],
            Self.prefixed.contains(code)
        else { return nil }
        switch prefix {
        case "k", "K": self.init(code: code, exponent: 3)
        case "M": self.init(code: code, exponent: 6)
        case "G", "g": self.init(code: code, exponent: 9)
        case "m" where !Self.large.contains(code): self.init(code: code, exponent: -3)
        default: return nil
        }
    }

    private init(code: UInt8, exponent: Int) {
        self.code = code
        self.exponent = exponent
    }

    /// Scaler and unit of a number with so many digits behind the point.
    func scalerUnit(decimals: Int) -> ScalerUnit? {
        Int8(exactly: exponent - decimals).map { ScalerUnit(scaler: $0, unitCode: code) }
    }
}
