// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which protection was applied to an APDU (Green Book, security control byte).
///
/// Bits 0-3 name the security suite, 4 authentication, 5 encryption, 6 the broadcast key, 7 compression.
public struct SecurityControl: RawRepresentable, Hashable, Sendable {
    /// The octet.
    public var rawValue: UInt8

    /// Makes the value of its octet.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The number of the security suite.
    public var suite: UInt8 { rawValue & 0x0F }
    /// Whether a tag authenticates the APDU.
    public var isAuthenticated: Bool { rawValue & 0x10 != 0 }
    /// Whether the APDU is encrypted.
    public var isEncrypted: Bool { rawValue & 0x20 != 0 }
    /// Whether the broadcast key is used, not the unicast one.
    public var usesBroadcastKey: Bool { rawValue & 0x40 != 0 }
    /// Whether the APDU was compressed before protection.
    public var isCompressed: Bool { rawValue & 0x80 != 0 }
}
