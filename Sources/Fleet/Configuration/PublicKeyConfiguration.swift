// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// A public key of a meter, as the operator gave it: its point, or a certificate with it.
public struct PublicKeyConfiguration: Hashable, Sendable {
    /// The octets as they were given: X and Y, or a certificate in DER.
    public let octets: [UInt8]
    /// The key.
    public let key: EllipticCurvePublicKey

    /// Takes X and Y of 32 or 48 octets each, or an X.509 certificate in DER; nil for anything else.
    public init?(_ octets: [UInt8]) {
        self.octets = octets
        if EllipticCurve(pointLength: octets.count) != nil, let key = try? EllipticCurvePublicKey(octets: octets) {
            self.key = key
        } else if let certificate = try? Certificate(der: octets) {
            key = certificate.publicKey
        } else {
            return nil
        }
    }
}
