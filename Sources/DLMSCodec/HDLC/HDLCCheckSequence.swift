// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The check sequence of HDLC frames (ISO/IEC 13239, CRC-16/X-25).
///
/// Polynomial 1021 reflected, start and end inverted, the low octet first on the wire. The octets `123456789` have the
/// check sequence 906E.
public enum HDLCCheckSequence {
    /// Computes the check sequence over octets.
    public static func compute(over octets: some Sequence<UInt8>) -> UInt16 {
        var register: UInt16 = 0xFFFF
        for octet in octets {
            register = register >> 8 ^ table[Int(UInt8(truncatingIfNeeded: register) ^ octet)]
        }
        return ~register
    }

    private static let table: [UInt16] = (0..<256).map { index in
        var value = UInt16(index)
        for _ in 0..<8 {
            value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x8408
        }
        return value
    }
}
