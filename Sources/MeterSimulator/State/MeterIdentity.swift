// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Who a simulated meter is.
struct MeterIdentity: Hashable, Sendable {
    /// The number in the fleet, from 0.
    let number: Int
    /// The seed of its noise.
    let seed: UInt64

    init(number: Int, fleetSeed: UInt64) {
        self.number = number
        seed = fleetSeed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number) &* 0xBF58_476D_1CE4_E5B9
    }

    /// The serial number, eight digits.
    var serialNumber: String { Self.padded(26_000_001 + number, 8) }

    /// The logical device name: three letters of the manufacturer and a number that no other meter has.
    var logicalDeviceName: String { "SIM\(Self.padded(26_000_001 + number, 13))" }

    /// The system title: the manufacturer's letters and the number.
    var systemTitle: [UInt8] {
        let number = UInt64(number + 1)
        return [0x53, 0x49, 0x4D] + (0..<5).map { UInt8(truncatingIfNeeded: number >> UInt64(32 - 8 * $0)) }
    }

    /// Every third household has a photovoltaic plant.
    var hasPlant: Bool { number % 3 == 0 }

    private static func padded(_ value: Int, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
