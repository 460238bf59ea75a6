// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Whether a server accepts an association (IEC 62056-5-3, Association-result).
public struct AssociationResult: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: UInt8

    /// Makes a result of its number; any number is accepted.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Accepted, with high-level security only as far as the challenge.
    public static let accepted = Self(rawValue: 0)
    /// Rejected, and the same request will be rejected again.
    public static let rejectedPermanent = Self(rawValue: 1)
    /// Rejected for now.
    public static let rejectedTransient = Self(rawValue: 2)

    /// The standard's name, or `unknown-` and the number.
    public var name: String {
        switch rawValue {
        case 0: "accepted"
        case 1: "rejected-permanent"
        case 2: "rejected-transient"
        default: "unknown-\(rawValue)"
        }
    }
}
