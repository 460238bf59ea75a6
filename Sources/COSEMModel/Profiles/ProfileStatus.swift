// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What the bits of a profile's status word mean and whether they make a row doubtful.
///
/// Models of meters differ, so the table is a value; ``amr`` is the usual one (IDIS, DSMR).
public struct ProfileStatusTable: Hashable, Sendable {
    /// One bit of the status word.
    public struct Bit: Hashable, Sendable {
        /// The number of the bit, 0 = least significant.
        public let number: UInt8
        /// The name, kebab-case.
        public let name: String
        /// Whether a row with this bit is suspect.
        public let isSuspect: Bool

        /// Makes a bit.
        public init(number: UInt8, name: String, isSuspect: Bool) {
            self.number = number
            self.name = name
            self.isSuspect = isSuspect
        }
    }

    /// The bits that are known.
    public let bits: [Bit]

    /// Makes a table.
    public init(bits: [Bit]) {
        self.bits = bits
    }

    /// The AMR profile status of IDIS and DSMR meters (0-0:96.10.x.255).
    public static let amr = ProfileStatusTable(bits: [
        Bit(number: 0, name: "critical-error", isSuspect: true),
        Bit(number: 1, name: "clock-invalid", isSuspect: true),
        Bit(number: 2, name: "data-not-valid", isSuspect: true),
        Bit(number: 3, name: "daylight-saving", isSuspect: false),
        Bit(number: 5, name: "clock-adjusted", isSuspect: true),
        Bit(number: 7, name: "power-down", isSuspect: false),
    ])

    /// The names of the bits that are set, lowest first; an unknown bit is "bit-4".
    public func names(of status: UInt64) -> [String] {
        (0..<UInt8(64)).filter { status >> UInt64($0) & 1 != 0 }.map { number in
            bits.first { $0.number == number }?.name ?? "bit-\(number)"
        }
    }

    /// The names of the bits that are set and make the row suspect, in the order of the table.
    public func suspectNames(of status: UInt64) -> [String] {
        bits.filter { $0.isSuspect && status >> UInt64($0.number) & 1 != 0 }.map(\.name)
    }

    /// Whether a bit that is set makes the row suspect.
    public func isSuspect(_ status: UInt64) -> Bool {
        bits.contains { $0.isSuspect && status >> UInt64($0.number) & 1 != 0 }
    }
}

/// How far a row can be trusted.
public enum ProfileQuality: String, CaseIterable, Sendable {
    /// Nothing speaks against it.
    case valid
    /// The meter says that something was wrong.
    case suspect
    /// Made by calculation.
    case estimated
    /// Not recorded.
    case missing
    /// The time does not come from the meter.
    case inferred
}
