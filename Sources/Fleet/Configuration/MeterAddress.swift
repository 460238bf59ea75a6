// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a meter answers on its channel.
public struct MeterAddress: Hashable, Sendable {
    /// The logical device: the upper HDLC address, or the server's port in the wrapper; 1 is the management device.
    public var logicalDevice: UInt16
    /// The physical device: the lower HDLC address; nil when the address has one part.
    public var physicalDevice: UInt16?
    /// The length of the HDLC address in octets, 1, 2 or 4; nil takes the shortest that holds it.
    public var octets: Int?
    /// The device address of IEC 62056-21 sign-on; nil signs on without.
    public var device: String?
    /// Where the meter is behind a gateway that wants a prefix; nil when the channel leads to the meter itself.
    public var gateway: GatewayPrefixAddress?

    /// Makes an address; by default the management logical device alone.
    public init(
        logicalDevice: UInt16 = 1,
        physicalDevice: UInt16? = nil,
        octets: Int? = nil,
        device: String? = nil
    ) {
        self.logicalDevice = logicalDevice
        self.physicalDevice = physicalDevice
        self.octets = octets
        self.device = device
    }
}
