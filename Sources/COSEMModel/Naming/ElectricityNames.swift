// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Names of electricity codes from quantity (C), processing (D) and tariff (E) (IEC 62056-6-1, tables for A = 1).
enum ElectricityNames {
    static func name(of code: OBISCode, names: OBISNames) -> String? {
        guard code.b == 0 else {
            var plain = code
            plain.b = 0
            return names.name(of: plain).map { "\($0), channel \(code.b)" }
        }
        if code.c == 99, (1...2).contains(code.d), (1...127).contains(code.e) {
            return "Load profile with recording period \(code.d), number \(code.e)"
        }
        guard let (quantity, phase) = quantity(code.c), let processing = processing(code.d) else { return nil }
        let subject = "\(quantity.subject(of: processing))\(phase.map { " \($0)" } ?? "")"
        guard let index = index(code.e, processing: processing, quantity: quantity) else { return nil }
        if case .phaseAngle = quantity { return "Phase angle \(index)" }
        let text = [subject + processing.words, index].filter { !$0.isEmpty }.joined(separator: ", ")
        return text.prefix(1).uppercased() + text.dropFirst()
    }

    /// A quantity of value group C.
    private enum Quantity {
        case active(String), reactive(String), apparent(String), current, voltage, powerFactor, frequency
        case phaseAngle, neutralCurrent, neutralVoltage, sumOfCurrents

        func subject(of processing: Processing) -> String {
            let isEnergy = processing.isEnergy
            switch self {
            case .active(let direction): return "active \(isEnergy ? "energy" : "power") \(direction)"
            case .reactive(let direction): return "reactive \(isEnergy ? "energy" : "power") \(direction)"
            case .apparent(let direction): return "apparent \(isEnergy ? "energy" : "power") \(direction)"
            case .current: return isEnergy ? "ampere hours" : "current"
            case .voltage: return isEnergy ? "volt-squared hours" : "voltage"
            case .powerFactor: return "power factor"
            case .frequency: return "frequency"
            case .phaseAngle: return "phase angle"
            case .neutralCurrent: return "neutral current"
            case .neutralVoltage: return "neutral voltage"
            case .sumOfCurrents: return "sum of phase currents"
            }
        }
    }

    /// A processing of value group D.
    private struct Processing {
        let words: String
        var isEnergy = false
    }

    private static func quantity(_ c: UInt8) -> (Quantity, phase: String?)? {
        switch c {
        case 81: return (.phaseAngle, nil)
        case 90: return (.sumOfCurrents, nil)
        case 91: return (.neutralCurrent, nil)
        case 92: return (.neutralVoltage, nil)
        case 1...20: return total(c).map { ($0, nil) }
        case 21...40: return total(c - 20).map { ($0, "L1") }
        case 41...60: return total(c - 40).map { ($0, "L2") }
        case 61...80: return total(c - 60).map { ($0, "L3") }
        default: return nil
        }
    }

    private static func total(_ c: UInt8) -> Quantity? {
        switch c {
        case 1: .active("import (+A)")
        case 2: .active("export (-A)")
        case 3: .reactive("import (+R)")
        case 4: .reactive("export (-R)")
        case 5: .reactive("QI")
        case 6: .reactive("QII")
        case 7: .reactive("QIII")
        case 8: .reactive("QIV")
        case 9: .apparent("import (+S)")
        case 10: .apparent("export (-S)")
        case 11: .current
        case 12: .voltage
        case 13: .powerFactor
        case 14: .frequency
        case 15: .active("|+A|+|-A|")
        case 16: .active("|+A|-|-A|")
        case 17: .active("QI")
        case 18: .active("QII")
        case 19: .active("QIII")
        case 20: .active("QIV")
        default: nil
        }
    }

    private static func processing(_ d: UInt8) -> Processing? {
        switch d {
        case 0: Processing(words: " average of billing period")
        case 1: Processing(words: " cumulative minimum")
        case 2: Processing(words: " cumulative maximum")
        case 3: Processing(words: " minimum")
        case 4: Processing(words: " current average")
        case 5: Processing(words: " last average")
        case 6: Processing(words: " maximum")
        case 7: Processing(words: " instantaneous")
        case 8: Processing(words: "", isEnergy: true)
        case 9: Processing(words: " of billing period", isEnergy: true)
        case 10: Processing(words: " over threshold", isEnergy: true)
        case 13: Processing(words: " minimum, measurement period 2")
        case 14: Processing(words: " current average, measurement period 2")
        case 15: Processing(words: " last average, measurement period 2")
        case 16: Processing(words: " maximum, measurement period 2")
        case 24: Processing(words: " average")
        case 27: Processing(words: " current average, measurement period 5")
        case 28: Processing(words: " last average, measurement period 5")
        case 29: Processing(words: " of recording interval", isEnergy: true)
        case 30: Processing(words: " of recording interval 2", isEnergy: true)
        case 31: Processing(words: " under-limit threshold")
        case 32: Processing(words: " under-limit count")
        case 33: Processing(words: " under-limit duration")
        case 34: Processing(words: " under-limit magnitude")
        case 35: Processing(words: " over-limit threshold")
        case 36: Processing(words: " over-limit count")
        case 37: Processing(words: " over-limit duration")
        case 38: Processing(words: " over-limit magnitude")
        case 39: Processing(words: " missing threshold")
        default: nil
        }
    }

    /// Value group E: the angle of two phasors, a harmonic of an instantaneous value, else the tariff.
    private static func index(_ e: UInt8, processing: Processing, quantity: Quantity) -> String? {
        if case .phaseAngle = quantity {
            let phasors = ["U(L1)", "U(L2)", "U(L3)", "", "I(L1)", "I(L2)", "I(L3)", "I(N)"]
            let of = Int(e % 10)
            let from = Int(e / 10)
            guard of < 8, from < 8, of != 3, from != 3 else { return nil }
            return "\(phasors[of])-\(phasors[from])"
        }
        switch quantity {
        case .current, .voltage:
            if e == 124 { return "total harmonic distortion" }
            if e > 0, e <= 120, !processing.isEnergy { return "harmonic \(e)" }
        case .active, .reactive, .apparent, .powerFactor, .frequency, .phaseAngle, .neutralCurrent, .neutralVoltage,
            .sumOfCurrents:
            break
        }
        switch e {
        case 0: return processing.isEnergy ? "total" : ""
        case 1...63: return "rate \(e)"
        default: return nil
        }
    }
}
