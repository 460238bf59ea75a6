// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A password or challenge in an AARQ or AARE; it does not show in descriptions.
public struct AuthenticationValue: Hashable, Sendable {
    /// The octets; secret when they are a password.
    public var octets: [UInt8]

    /// Makes a value.
    public init(_ octets: [UInt8]) {
        self.octets = octets
    }
}

extension AuthenticationValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The number of octets only.
    public var description: String { "AuthenticationValue(\(octets.count) octets, redacted)" }

    /// The same as the description.
    public var debugDescription: String { description }

    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
