// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a meter is behind a gateway, such as a concentrator, that passes APDUs on (tags E6 and E7 of IEC 62056-5-3).
public struct GatewayAddress: Hashable, Sendable {
    /// The network behind the gateway; 0 is the only one of most gateways.
    public var networkID: UInt8
    /// The address of the meter in that network, at most 127 octets.
    public var physicalDeviceAddress: [UInt8]

    /// Names a meter in a network behind a gateway.
    public init(networkID: UInt8 = 0, physicalDeviceAddress: [UInt8]) {
        self.networkID = networkID
        self.physicalDeviceAddress = physicalDeviceAddress
    }
}
