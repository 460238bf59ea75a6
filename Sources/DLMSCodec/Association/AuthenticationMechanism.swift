// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How client and server prove who they are (IEC 62056-5-3, mechanism names 2.16.756.5.8.2.n).
public struct AuthenticationMechanism: Hashable, Sendable {
    /// The name.
    public let identifier: BERObjectIdentifier

    /// Makes a mechanism of any name.
    public init(identifier: BERObjectIdentifier) {
        self.identifier = identifier
    }

    /// Makes a mechanism of its number below 2.16.756.5.8.2.
    public init(number: UInt8) {
        identifier = BERObjectIdentifier(arc: 2, number)
    }

    /// No authentication; 0.
    public static let lowest = Self(number: 0)
    /// A password; 1.
    public static let low = Self(number: 1)
    /// A challenge processed in the manufacturer's way; 2.
    public static let highManufacturer = Self(number: 2)
    /// A challenge with MD5; 3.
    public static let highMD5 = Self(number: 3)
    /// A challenge with SHA-1; 4.
    public static let highSHA1 = Self(number: 4)
    /// A challenge with GMAC; 5.
    public static let highGMAC = Self(number: 5)
    /// A challenge with SHA-256; 6.
    public static let highSHA256 = Self(number: 6)
    /// A challenge with ECDSA; 7.
    public static let highECDSA = Self(number: 7)

    /// The number of the mechanism; nil for a name that is not one of DLMS.
    public var number: UInt8? { identifier.number(inArc: 2) }

    /// Whether both sides answer a challenge after the association is accepted.
    public var isHighLevel: Bool { (2...7).contains(number ?? 0) }
}
