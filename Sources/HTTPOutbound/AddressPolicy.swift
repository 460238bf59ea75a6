// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which addresses may be called on behalf of somebody who only names a host.
///
/// Loopback, private, link-local, multicast and reserved addresses lead to the gateway's own network, or nowhere. IPv6
/// addresses that carry one of IPv4 are judged by that, or refused where it leads through a translator.
public struct AddressPolicy: Hashable, Sendable {
    /// Whether loopback and private addresses may be called, too; those of the link and of groups never may.
    public var allowsPrivate: Bool

    /// Makes a policy, by default for public addresses only.
    public init(allowsPrivate: Bool = false) {
        self.allowsPrivate = allowsPrivate
    }

    /// Whether an address of four or sixteen octets may be called.
    public func allows(_ address: [UInt8]) -> Bool {
        switch Self.kind(of: address) {
        case .open: true
        case .local: allowsPrivate
        case .never: false
        }
    }

    private enum Kind {
        case open
        case local
        case never
    }

    private static func kind(of address: [UInt8]) -> Kind {
        switch address.count {
        case 4: kind(ofIPv4: address)
        case 16: kind(ofIPv6: address)
        default: .never
        }
    }

    private static func kind(ofIPv4 address: [UInt8]) -> Kind {
        switch (address[0], address[1], address[2]) {
        case (127, _, _), (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _): .local
        case (0, _, _), (169, 254, _), (192, 0, 0), (192, 0, 2), (192, 88, 99), (198, 18...19, _), (198, 51, 100),
            (203, 0, 113), (224..., _, _):
            .never
        default: .open
        }
    }

    private static func kind(ofIPv6 address: [UInt8]) -> Kind {
        let isMapped = address[..<10].allSatisfy { $0 == 0 } && address[10] == 0xFF && address[11] == 0xFF
        if isMapped { return kind(ofIPv4: Array(address[12...])) }
        if address[..<15].allSatisfy({ $0 == 0 }) { return address[15] == 1 ? .local : .never }
        if address[0] & 0xFE == 0xFC { return .local }
        // Global unicast is 2000::/3; of it, protocol assignments, documentation and 6to4 are out.
        guard address[0] & 0xE0 == 0x20 else { return .never }
        switch (address[0], address[1], address[2], address[3]) {
        case (0x20, 0x01, 0x00...0x01, _), (0x20, 0x01, 0x0D, 0xB8), (0x20, 0x02, _, _), (0x3F, 0xFF, _, _):
            return .never
        default: return .open
        }
    }
}
