// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a meter is behind a gateway that wants a prefix before each APDU, such as a concentrator.
public struct GatewayPrefixAddress: Hashable, Sendable {
    /// The network behind the gateway.
    public var networkID: UInt8
    /// The address of the meter in it, 1 to 127 octets.
    public var physicalAddress: [UInt8]

    /// Names a meter behind a gateway, by default in its first network.
    public init(networkID: UInt8 = 0, physicalAddress: [UInt8]) {
        self.networkID = networkID
        self.physicalAddress = physicalAddress
    }
}
