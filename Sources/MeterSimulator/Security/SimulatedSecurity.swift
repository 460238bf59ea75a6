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
    /// The private key that clients sign with: octets 01; nil in suite 0, as are the other three.
    public var clientSigningKey: Secret?
    /// The private key that clients agree on keys with: octets 02.
    public var clientAgreementKey: Secret?
    /// The private key that meters sign with: octets 03.
    public var meterSigningKey: Secret?
    /// The private key that meters agree on keys with: octets 04.
    public var meterAgreementKey: Secret?
    /// The secret of all clients for the mechanisms that have one, 16 octets.
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
        guard let curve = suite.curve else { return }
        func privateKey(_ octet: UInt8) -> Secret {
            Secret([UInt8](repeating: octet, count: curve.coordinateLength))
        }
        clientSigningKey = privateKey(1)
        clientAgreementKey = privateKey(2)
        meterSigningKey = privateKey(3)
        meterAgreementKey = privateKey(4)
    }
}
