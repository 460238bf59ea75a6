// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Names of abstract codes that count instances in B or E (IEC 62056-6-1, tables for A = 0).
enum AbstractNames {
    static func name(of code: OBISCode, names: OBISNames) -> String? {
        guard code.f == 255 else { return nil }
        if code.c >= 128, code.c <= 199 || code.c == 240 { return "Manufacturer specific \(code)" }
        switch (code.c, code.d) {
        case (24, 1): return "M-Bus client, channel \(code.b)"
        case (24, 2): return "M-Bus value \(code.e), channel \(code.b)"
        case (24, 3): return "M-Bus profile \(code.e), channel \(code.b)"
        case (24, 4): return "M-Bus valve control, channel \(code.b)"
        case (25, 9): return "Push setup \(code.b).\(code.e)"
        case (40, 0): return "Association \(code.e)"
        case (42, 0): return "COSEM logical device name"
        case (43, 0): return "Security setup \(code.e)"
        case (43, 1): return code.b == 0 ? "Invocation counter \(code.e)" : "Invocation counter \(code.b).\(code.e)"
        case (96, 1):
            return code.b == 0 ? "Device ID \(UInt(code.e) + 1)" : "Device ID \(UInt(code.e) + 1), channel \(code.b)"
        case (96, 3): return "Status of input and output signals \(code.b).\(code.e)"
        case (96, 10): return "Profile status register \(code.e)"
        case (96, 11): return "Event code of log \(UInt(code.e) + 1)"
        case (96, 15): return "Event counter \(UInt(code.e) + 1)"
        case (96, 50...99): return "Manufacturer specific \(code)"
        case (97, 97): return "Error register \(UInt(code.e) + 1)"
        case (99, 98): return "Event log \(UInt(code.e) + 1)"
        case (10, 0): return "Script table \(code.e)"
        case (15, 0): return "Single action schedule \(code.e)"
        case (16, 0...9): return "Register monitor \(code.d).\(code.e)"
        default: break
        }
        guard code.b != 0 else { return nil }
        var plain = code
        plain.b = 0
        return names.entry(of: plain).map { "\($0.name), channel \(code.b)" }
    }
}
