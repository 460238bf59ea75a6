// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// An OBJECT IDENTIFIER by the content octets of its encoding.
public struct BERObjectIdentifier: Hashable, Sendable {
    /// The content octets, without tag and length.
    public let octets: [UInt8]

    /// Makes an identifier of its content octets.
    public init(octets: [UInt8]) {
        self.octets = octets
    }

    /// Makes an identifier below 2.16.756.5.8, the arc of the DLMS User Association.
    init(arc: UInt8, _ number: UInt8) {
        octets = Self.associationArc + [arc, number]
    }

    /// The last number, when the identifier lies directly in an arc below 2.16.756.5.8.
    func number(inArc arc: UInt8) -> UInt8? {
        guard octets.count == 7, octets.starts(with: Self.associationArc + [arc]) else { return nil }
        return octets[6]
    }

    /// The dotted form, such as `2.16.756.5.8.1.1`; octets that encode no identifier as hexadecimal digits.
    public var text: String {
        var numbers: [UInt64] = []
        var number: UInt64 = 0
        var isOpen = true
        for octet in octets {
            guard number < 1 << 56 else { return Hexadecimal.text(of: octets) }
            number = number << 7 | UInt64(octet & 0x7F)
            isOpen = octet & 0x80 != 0
            guard !isOpen else { continue }
            if numbers.isEmpty {
                let first = min(number / 40, 2)
                numbers.append(first)
                number -= first * 40
            }
            numbers.append(number)
            number = 0
        }
        return isOpen ? Hexadecimal.text(of: octets) : numbers.map(String.init).joined(separator: ".")
    }

    private static let associationArc: [UInt8] = [0x60, 0x85, 0x74, 0x05, 0x08]
}

extension BERObjectIdentifier: CustomStringConvertible {
    /// The dotted form.
    public var description: String { text }
}
