// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL
import DLMSCodec

/// A request for a certificate (PKCS #10), signed with the key that it is for.
public struct CertificateRequest: Hashable, Sendable {
    /// The request in DER.
    public let der: [UInt8]
    /// Whose key it is.
    public let subject: CertificateName
    /// The key.
    public let publicKey: EllipticCurvePublicKey

    /// Makes a request for a key.
    ///
    /// - Parameters:
    ///   - systemTitle: the system title of the owner, which becomes the common name in hexadecimal.
    ///   - key: the key pair.
    /// - Throws: ``CertificateError/cryptographyUnavailable``.
    public init(systemTitle: [UInt8], key: EllipticCurvePrivateKey) throws(CertificateError) {
        guard let request = X509_REQ_new() else { throw .cryptographyUnavailable }
        defer { X509_REQ_free(request) }
        guard
            X509_REQ_set_version(request, 0) == 1,
            CertificateName.append(
                commonName: Hexadecimal.text(of: systemTitle),
                to: X509_REQ_get_subject_name(request)
            ),
            X509_REQ_set_pubkey(request, key.handle.pointer) == 1,
            X509_REQ_sign(request, key.handle.pointer, key.curve.digest) > 0,
            let der = DEREncoding.octets({ i2d_X509_REQ(request, $0) })
        else { throw .cryptographyUnavailable }
        try self.init(der: der)
    }

    /// Reads a request and checks that it is signed with its own key.
    ///
    /// - Parameter der: at most 64 kB of DER.
    /// - Throws: ``CertificateError/malformed``, ``CertificateError/unsupportedKey``,
    ///   ``CertificateError/signatureMismatch``.
    public init(der: [UInt8]) throws(CertificateError) {
        let request = DEREncoding.value(of: der, { d2i_X509_REQ(nil, $0, $1) }, free: X509_REQ_free)
        guard let request else { throw .malformed }
        defer { X509_REQ_free(request) }
        guard let subject = CertificateName(X509_REQ_get_subject_name(request)) else { throw .malformed }
        guard let publicKey = EllipticCurvePublicKey(sharing: X509_REQ_get0_pubkey(request)) else {
            throw .unsupportedKey
        }
        guard X509_REQ_verify(request, publicKey.handle.pointer) == 1 else { throw .signatureMismatch }
        self.der = der
        self.subject = subject
        self.publicKey = publicKey
    }
}
