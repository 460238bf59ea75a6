// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a certificate or a certificate request cannot be used.
public enum CertificateError: Error, Hashable, Sendable {
    /// The octets are not DER of a certificate or request, or something is left over.
    case malformed
    /// The public key is not on a curve of a security suite.
    case unsupportedKey
    /// The signature does not fit: altered, or made with another key.
    case signatureMismatch
    /// The certificate names another issuer.
    case otherIssuer
    /// The issuer's certificate may not issue others.
    case issuerIsNoAuthority
    /// The certificate is not valid yet; seconds since 1970.
    case notYetValid(until: Int64)
    /// The certificate is not valid any more; seconds since 1970.
    case expired(since: Int64)
    /// The certificate does not allow its key to be used like this.
    case otherUsage
    /// OpenSSL refused an operation that must not fail with valid arguments.
    case cryptographyUnavailable
}

extension CertificateError: CustomStringConvertible {
    /// A sentence for people.
    public var description: String {
        switch self {
        case .malformed: "the octets are no certificate or request in DER"
        case .unsupportedKey: "the public key is not on the curve P-256 or P-384"
        case .signatureMismatch: "the signature does not fit"
        case .otherIssuer: "the certificate names another issuer"
        case .issuerIsNoAuthority: "the issuer is no certification authority"
        case .notYetValid: "the certificate is not valid yet"
        case .expired: "the certificate has expired"
        case .otherUsage: "the certificate does not allow this use of its key"
        case .cryptographyUnavailable: "OpenSSL refused an operation"
        }
    }
}
