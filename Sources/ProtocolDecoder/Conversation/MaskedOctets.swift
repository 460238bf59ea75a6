// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Octets with those marked that are not to be shown.
struct MaskedOctets {
    /// What stands for a hidden octet in decoded text.
    static let filler = UInt8(ascii: "*")
    /// Shorter secrets are found by accident.
    static let shortestSecret = 4

    /// The octets as they were.
    let octets: [UInt8]
    /// Whether each of them is hidden.
    private(set) var isHidden: [Bool]

    init(_ octets: [UInt8], hidden: Bool = false) {
        self.octets = octets
        isHidden = [Bool](repeating: hidden, count: octets.count)
    }

    /// Whether any octet is hidden.
    var hasHidden: Bool { isHidden.contains(true) }

    /// The octets with fillers in place of the hidden ones.
    var filled: [UInt8] {
        zip(octets, isHidden).map { $1 ? Self.filler : $0 }
    }

    /// Upper-case digits, two asterisks for each hidden octet.
    var digits: [UInt8] {
        var digits = Array(Hexadecimal.digits(of: octets))
        for (index, hidden) in isHidden.enumerated() where hidden {
            digits[2 * index] = Self.filler
            digits[2 * index + 1] = Self.filler
        }
        return digits
    }

    /// Hides a range, as far as there are octets.
    mutating func hide(_ range: Range<Int>) {
        for index in range.clamped(to: isHidden.indices) { isHidden[index] = true }
    }

    /// Hides what is hidden in a part that begins at an offset.
    mutating func hide(_ part: MaskedOctets, at offset: Int) {
        for (index, hidden) in part.isHidden.enumerated() where hidden && offset + index < isHidden.count {
            isHidden[offset + index] = true
        }
    }

    /// Hides every occurrence of the secrets.
    ///
    /// - Parameter mask: the bits of an octet that count; 7F for characters with a parity bit.
    mutating func hide(_ secrets: [[UInt8]], mask: UInt8 = 0xFF) {
        for secret in secrets where secret.count >= Self.shortestSecret && secret.count <= octets.count {
            for start in 0...(octets.count - secret.count)
            where (0..<secret.count).allSatisfy({ octets[start + $0] & mask == secret[$0] & mask }) {
                hide(start..<start + secret.count)
            }
        }
    }
}
