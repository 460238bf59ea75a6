// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Octets as hexadecimal text and back.
public enum Hexadecimal {
    /// Writes octets as upper-case digits without separators.
    public static func text(of octets: some Collection<UInt8>) -> String {
        String(decoding: digits(of: octets), as: UTF8.self)
    }

    /// Writes octets as upper-case ASCII digits without separators.
    public static func digits(of octets: some Collection<UInt8>) -> [UInt8] {
        var digits: [UInt8] = []
        digits.reserveCapacity(octets.count * 2)
        for octet in octets {
            digits.append(digit(octet >> 4))
            digits.append(digit(octet & 0x0F))
        }
        return digits
    }

    /// Reads digits of either case, two an octet; nil for anything else, including separators.
    public static func octets(of text: some StringProtocol) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 {
            guard let value = value(of: character) else { return nil }
            if let first = high {
                octets.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? octets : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x37 + value
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }
}
