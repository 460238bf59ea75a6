// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// The keys and secrets that simulated meters have at first; all meters of a fleet have the same.
///
/// They are public and good for nothing but trying things out.
public struct SimulatedSecurity: Sendable {
    /// The security suite.
    public var suite: SecuritySuite
    /// The global unicast key: octets 00, 01, 02 and so on.
    public var globalUnicastKey: Secret
    /// The authentication key: octets D0, D1, D2 and so on.
    public var authenticationKey: Secret
    /// The global broadcast key: octets 0F, 0E, 0D and so on.
    public var globalBroadcastKey: Secret
    /// The master key: octets 30, 31, 32 and so on.
    public var masterKey: Secret
    /// The secret of the managing client for the mechanisms that have one, 16 octets.
    public var secret = Secret(text: "SIMULATED-SECRET")

    /// The usual keys of a suite.
    public init(suite: SecuritySuite = .suite0) {
        self.suite = suite
        func key(_ octet: (Int) -> Int) -> Secret {
            Secret((0..<suite.keyLength).map { UInt8(truncatingIfNeeded: octet($0)) })
        }
        globalUnicastKey = key { $0 }
        authenticationKey = key { 0xD0 + $0 }
        globalBroadcastKey = key { 0x0F - $0 }
        masterKey = key { 0x30 + $0 }
    }
}
