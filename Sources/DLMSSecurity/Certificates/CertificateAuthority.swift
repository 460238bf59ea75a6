// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// An authority that issues certificates, as the owner of a private meter network or a simulated fleet has.
public struct CertificateAuthority: Hashable, Sendable {
    /// The certificate of the authority, which others trust.
    public let certificate: Certificate
    private let key: EllipticCurvePrivateKey

    /// Makes an authority whose certificate is signed by itself.
    ///
    /// - Parameters:
    ///   - name: its common name.
    ///   - key: its key pair.
    ///   - validity: the first and last moment of its certificate, seconds since 1970.
    /// - Throws: ``CertificateError/cryptographyUnavailable``.
    public init(
        name: String,
        key: EllipticCurvePrivateKey,
        validity: ClosedRange<Int64>
    ) throws(CertificateError) {
        guard let issuer = X509_NAME_new() else { throw .cryptographyUnavailable }
        defer { X509_NAME_free(issuer) }
        guard CertificateName.append(commonName: name, to: issuer) else { throw .cryptographyUnavailable }
        certificate = try Self.certificate(
            subject: issuer,
            subjectKey: key.publicKey,
            issuer: issuer,
            issuerKey: key,
            serialNumber: [1],
            validity: validity,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE"),
                (NID_key_usage, "critical,\(KeyUsage([.certificateSigning, .revocationListSigning]).names)"),
            ]
        )
        self.key = key
    }

    /// Issues a certificate for the subject and key of a request, whose signature has been checked.
    ///
    /// - Parameters:
    ///   - request: the request.
    ///   - serialNumber: 1 to 20 octets, never used before.
    ///   - validity: the first and last moment of the certificate, seconds since 1970.
    ///   - usage: what the key may be used for; DLMS has one certificate for each use.
    /// - Throws: ``CertificateError/cryptographyUnavailable``, ``CertificateError/malformed``.
    public func issue(
        _ request: CertificateRequest,
        serialNumber: [UInt8],
        validity: ClosedRange<Int64>,
        usage: KeyUsage
    ) throws(CertificateError) -> Certificate {
        guard
            let subject = Self.name(request.subject.der), let issuer = Self.name(certificate.subject.der)
        else { throw .malformed }
        defer {
            X509_NAME_free(subject)
            X509_NAME_free(issuer)
        }
        return try Self.certificate(
            subject: subject,
            subjectKey: request.publicKey,
            issuer: issuer,
            issuerKey: key,
            serialNumber: serialNumber,
            validity: validity,
            extensions: [(NID_key_usage, "critical,\(usage.names)")]
        )
    }

    private static func certificate(
        subject: OpaquePointer,
        subjectKey: EllipticCurvePublicKey,
        issuer: OpaquePointer,
        issuerKey: EllipticCurvePrivateKey,
        serialNumber: [UInt8],
        validity: ClosedRange<Int64>,
        extensions: [(Int32, String)]
    ) throws(CertificateError) -> Certificate {
        guard let certificate = X509_new() else { throw .cryptographyUnavailable }
        defer { X509_free(certificate) }
        let number = BN_bin2bn(serialNumber, Int32(clamping: serialNumber.count), nil)
        defer { BN_free(number) }
        guard
            // Version 3 is written as 2.
            X509_set_version(certificate, 2) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil,
            X509_set_subject_name(certificate, subject) == 1,
            X509_set_issuer_name(certificate, issuer) == 1,
            X509_set_pubkey(certificate, subjectKey.handle.pointer) == 1,
            ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(validity.lowerBound)) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(validity.upperBound)) != nil,
            extensions.allSatisfy({ add($0.0, $0.1, to: certificate) }),
            X509_sign(certificate, issuerKey.handle.pointer, issuerKey.curve.digest) > 0,
            let der = DEREncoding.octets({ i2d_X509(certificate, $0) })
        else { throw .cryptographyUnavailable }
        return try Certificate(der: der)
    }

    private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) -> Bool {
        guard let part = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return false }
        defer { X509_EXTENSION_free(part) }
        return X509_add_ext(certificate, part, -1) == 1
    }

    private static func name(_ der: [UInt8]) -> OpaquePointer? {
        DEREncoding.value(of: der, { d2i_X509_NAME(nil, $0, $1) }, free: X509_NAME_free)
    }
}
