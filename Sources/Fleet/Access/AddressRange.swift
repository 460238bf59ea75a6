// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Addresses of callers: one, or all that share the first bits, as `192.0.2.0/24` or `2001:db8::/32`.
public struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    /// The range as written.
    public let description: String
    private let octets: [UInt8]
    private let bits: Int

    /// Reads a range; nil for what is none, and for one with bits set behind its length.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let octets = Self.octets(of: String(first)) else { return nil }
        var bits = octets.count * 8
        if parts.count == 2 {
            guard let length = Int(parts[1]), (0...bits).contains(length), !parts[1].hasPrefix("+") else { return nil }
            bits = length
        }
        self.octets = octets
        self.bits = bits
        description = text
        let isClear = octets.indices.allSatisfy { octets[$0] & ~Self.mask($0, bits) == 0 }
        guard isClear else { return nil }
    }

    /// Whether an address, such as `192.0.2.7`, lies in the range; one that cannot be read does not.
    public func contains(_ address: String) -> Bool {
        guard let other = Self.octets(of: address), other.count == octets.count else { return false }
        return octets.indices.allSatisfy { other[$0] & Self.mask($0, bits) == octets[$0] }
    }

    /// Whether all addresses of another range lie in this one.
    public func contains(_ other: AddressRange) -> Bool {
        other.octets.count == octets.count && other.bits >= bits
            && octets.indices.allSatisfy { other.octets[$0] & Self.mask($0, bits) == octets[$0] }
    }

    /// The bits of an octet that count.
    private static func mask(_ index: Int, _ bits: Int) -> UInt8 {
        let rest = bits - 8 * index
        return rest >= 8 ? 0xFF : rest <= 0 ? 0 : ~(0xFF >> UInt8(rest))
    }

    /// Four octets, or sixteen; an IPv4 address that was mapped into IPv6 is what it was.
    private static func octets(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var sixteen = in6_addr()
        guard inet_pton(AF_INET6, text, &sixteen) == 1 else { return nil }
        let octets = withUnsafeBytes(of: sixteen) { Array($0) }
        let isMapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
        return isMapped ? Array(octets[12...]) : octets
    }
}
