// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec

/// What a reading is of in the eighteen fields of IEC 61968-9 Annex C, such as `0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0`.
///
/// | field | here |
/// |---|---|
/// | aggregate | 2 average and 8 maximum of demands |
/// | measuring period | 2, 7 and their like for rows of profiles |
/// | accumulation | 1 bulk quantity, 4 delta data, 6 indicating, 12 instantaneous |
/// | flow direction | 1 forward, 19 reverse, 20 total, 4 net, 5 and 13 reactive of two quadrants, 15 to 18 of one |
/// | commodity | 1 electricity, 7 gas, 9 drinking water |
/// | kind | 12 energy, 37 power, 8 demand, 54 voltage, 4 current, 38 power factor, 15 frequency, 58 volume |
/// | time of use | the tariff |
/// | phases | 128, 64, 32 the phases, 129, 65, 33 from them to neutral |
/// | unit | 72 Wh, 73 varh, 71 VAh, 38 W, 63 var, 61 VA, 29 V, 5 A, 33 Hz, 65 cos φ, 42 m³ |
struct CIMReadingType: Hashable, Sendable {
    private var aggregate = 0
    private var measuringPeriod = 0
    private var accumulation = 0
    private var flow = 0
    private var commodity = 0
    private var kind = 0
    private var timeOfUse = 0
    private var phases = 0
    private var unit = 0

    /// The type of an object's value; nil for what has none here.
    ///
    /// - Parameters:
    ///   - object: the logical name.
    ///   - attribute: which attribute of it.
    ///   - unitCode: the unit by its COSEM code, which has to be the usual one of the object.
    ///   - period: seconds between two rows of a profile; 0 for single values.
    init?(of object: OBISCode, attribute: Int8, unitCode: UInt8?, period: UInt32 = 0) {
        guard attribute == 2, object.b <= 64, let unit = unitCode.map(Self.unit) ?? (object.c % 20 == 13 ? 65 : nil)
        else { return nil }
        self.unit = unit
        measuringPeriod = Self.periods[period] ?? 0
        switch object.a {
        case 1: guard electricity(object) else { return nil }
        case 7, 8: guard volume(object) else { return nil }
        default: return nil
        }
    }

    /// The eighteen fields with dots between them.
    var text: String {
        [
            0, aggregate, measuringPeriod, accumulation, flow, commodity, kind, 0, 0, 0, 0, timeOfUse, 0, 0, phases, 0,
            unit, 0,
        ].map(String.init).joined(separator: ".")
    }

    private mutating func electricity(_ object: OBISCode) -> Bool {
        commodity = 1
        let (phase, quantity) = (Int(object.c) / 20, Int(object.c) % 20)
        guard phase <= 3, phase == 0 || quantity > 0 else { return false }
        phases = phase == 0 ? 0 : 256 >> phase
        switch quantity {
        case 1, 2, 15, 16: return flows(quantity) && power(object, energy: 72, power: 38)
        case 3...8: return flows(quantity) && power(object, energy: 73, power: 63)
        case 9, 10: return flows(quantity) && power(object, energy: 71, power: 61)
        case 11: return present(object, kind: 4, unit: 5)
        case 12:
            if phase > 0 { phases += 1 }
            return present(object, kind: 54, unit: 29)
        case 13: return present(object, kind: 38, unit: 65)
        case 14: return present(object, kind: 15, unit: 33)
        default: return false
        }
    }

    private mutating func flows(_ quantity: Int) -> Bool {
        guard let known = Self.flows[quantity] else { return false }
        flow = known
        return true
    }

    private static let flows = [
        1: 1, 2: 19, 3: 5, 4: 13, 5: 15, 6: 16, 7: 17, 8: 18, 9: 1, 10: 19, 15: 20, 16: 4,
    ]

    /// Energy, power or demand, by value group D.
    private mutating func power(_ object: OBISCode, energy: Int, power: Int) -> Bool {
        switch object.d {
        case 8, 9: (kind, accumulation) = (12, 1)
        case 29, 30: (kind, accumulation) = (12, 4)
        case 7: (kind, accumulation) = (37, 12)
        case 4, 5: (kind, accumulation, aggregate) = (8, 6, 2)
        case 6: (kind, accumulation, aggregate) = (8, 6, 8)
        default: return false
        }
        guard unit == (kind == 12 ? energy : power), object.e <= 63 else { return false }
        timeOfUse = Int(object.e)
        return true
    }

    private mutating func present(_ object: OBISCode, kind: Int, unit: Int) -> Bool {
        guard object.d == 7, object.e == 0, self.unit == unit else { return false }
        (self.kind, accumulation) = (kind, 12)
        return true
    }

    /// Volumes of gas and water.
    private mutating func volume(_ object: OBISCode) -> Bool {
        let isTotal = object.a == 7 ? (1...3).contains(object.c) : object.c == 1
        guard isTotal, [0, 1, 2].contains(object.d), object.e == 0, unit == 42 else { return false }
        (commodity, kind, accumulation, flow) = (object.a == 7 ? 7 : 9, 58, 1, 1)
        return true
    }

    /// The unit of the standard for one of COSEM; 0 for others.
    private static func unit(_ code: UInt8) -> Int {
        switch code {
        case 13, 14: 42
        case 27: 38
        case 28: 61
        case 29: 63
        case 30: 72
        case 31: 71
        case 32: 73
        case 33: 5
        case 35: 29
        case 44: 33
        case 255: 65
        default: 0
        }
    }

    private static let periods: [UInt32: Int] = [
        60: 3, 120: 10, 180: 14, 300: 6, 600: 1, 900: 2, 1200: 31, 1800: 5, 3600: 7, 86_400: 4,
    ]
}
