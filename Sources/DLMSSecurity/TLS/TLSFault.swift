// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why there is no TLS connection.
public enum TLSFault: Error, Hashable, Sendable {
    /// A file with certificates or a key cannot be read, or holds something else.
    case fileUnusable(String)
    /// The private key does not belong to the certificate.
    case keyDoesNotFit(String)
    /// The other side does not speak TLS.
    case notSpoken
    /// The other side speaks only versions before TLS 1.2, or does not take any of ours.
    case versionRefused
    /// The certificate of the other side comes from nobody we trust.
    case notTrusted(reason: String)
    /// The certificate of the other side has expired, or is not valid yet.
    case outOfDate
    /// The certificate of the other side is for another name.
    case wrongName(expected: String)
    /// The other side wants a certificate from us, or does not accept ours.
    case clientCertificateRefused
    /// Something else, in the words of OpenSSL.
    case failed(reason: String)
}
