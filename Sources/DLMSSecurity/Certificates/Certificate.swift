// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// An X.509 certificate with a key on a curve of a security suite, as meters, clients and authorities have.
public struct Certificate: Sendable {
    /// The certificate in DER.
    public let der: [UInt8]
    /// The serial number, big-endian without leading zeros.
    public let serialNumber: [UInt8]
    /// Who issued it.
    public let issuer: CertificateName
    /// Whose key it vouches for.
    public let subject: CertificateName
    /// The first moment of its validity, seconds since 1970.
    public let notBefore: Int64
    /// The last moment of its validity, seconds since 1970.
    public let notAfter: Int64
    /// What the key may be used for; nil when the certificate does not say, which allows everything.
    public let usage: KeyUsage?
    /// Whether the subject may issue certificates.
    public let isAuthority: Bool
    /// The key it vouches for.
    public let publicKey: EllipticCurvePublicKey
    private let handle: CertificateHandle

    /// The system title of the subject; nil when the common name is none.
    public var systemTitle: [UInt8]? { subject.systemTitle }

    /// Reads a certificate.
    ///
    /// - Parameter der: at most 64 kB of DER.
    /// - Throws: ``CertificateError/malformed``, ``CertificateError/unsupportedKey``.
    public init(der: [UInt8]) throws(CertificateError) {
        guard
            let pointer = DEREncoding.value(of: der, { d2i_X509(nil, $0, $1) }, free: X509_free)
        else { throw .malformed }
        try self.init(owning: pointer, der: der)
    }

    /// Takes over a certificate of OpenSSL.
    init(owning pointer: OpaquePointer, der: [UInt8]) throws(CertificateError) {
        handle = CertificateHandle(owning: pointer)
        self.der = der
        guard
            let issuer = CertificateName(X509_get_issuer_name(pointer)),
            let subject = CertificateName(X509_get_subject_name(pointer)),
            let serialNumber = Self.octets(of: X509_get0_serialNumber(pointer)),
            let notBefore = Self.seconds(X509_get0_notBefore(pointer)),
            let notAfter = Self.seconds(X509_get0_notAfter(pointer))
        else { throw .malformed }
        self.issuer = issuer
        self.subject = subject
        self.serialNumber = serialNumber
        self.notBefore = notBefore
        self.notAfter = notAfter
        // Reading the extensions once, here, is what fills OpenSSL's cache of them; nothing is changed later.
        let usage = X509_get_key_usage(pointer)
        self.usage = usage == UInt32.max ? nil : KeyUsage(rawValue: usage)
        isAuthority = X509_check_ca(pointer) == 1
        guard X509_get_extension_flags(pointer) & UInt32(EXFLAG_INVALID) == 0 else { throw .malformed }
        guard let publicKey = EllipticCurvePublicKey(sharing: X509_get0_pubkey(pointer)) else {
            throw .unsupportedKey
        }
        self.publicKey = publicKey
    }

    /// Checks that an authority issued the certificate, and that it is valid.
    ///
    /// - Parameters:
    ///   - authority: the certificate of the issuer, trusted by the caller.
    ///   - moment: the time to check for, seconds since 1970; nil when the time does not matter.
    ///   - usage: what the key must be allowed for.
    /// - Throws: every case of ``CertificateError`` but the first two.
    public func verify(
        issuedBy authority: Certificate,
        at moment: Int64?,
        for usage: KeyUsage = []
    ) throws(CertificateError) {
        guard issuer.der == authority.subject.der else { throw .otherIssuer }
        guard authority.isAuthority, authority.usage?.contains(.certificateSigning) ?? true else {
            throw .issuerIsNoAuthority
        }
        guard X509_verify(handle.pointer, authority.publicKey.handle.pointer) == 1 else { throw .signatureMismatch }
        for certificate in [self, authority] {
            guard let moment else { break }
            guard moment >= certificate.notBefore else { throw .notYetValid(until: certificate.notBefore) }
            guard moment <= certificate.notAfter else { throw .expired(since: certificate.notAfter) }
        }
        guard self.usage?.isSuperset(of: usage) ?? true else { throw .otherUsage }
    }

    private static func octets(of number: UnsafePointer<ASN1_INTEGER>?) -> [UInt8]? {
        guard let number = ASN1_INTEGER_to_BN(number, nil) else { return nil }
        defer { BN_free(number) }
        var octets = [UInt8](repeating: 0, count: Int(max(1, (BN_num_bits(number) + 7) / 8)))
        guard BN_bn2binpad(number, &octets, Int32(clamping: octets.count)) >= 0 else { return nil }
        return octets
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        guard let time, let epoch = ASN1_TIME_set(nil, 0) else { return nil }
        defer { ASN1_TIME_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return nil }
        return Int64(days) * 86_400 + Int64(seconds)
    }
}

extension Certificate: Hashable {
    /// Whether the octets are the same.
    public static func == (left: Certificate, right: Certificate) -> Bool {
        left.der == right.der
    }

    /// Feeds the octets to a hasher.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(der)
    }
}

/// A certificate of OpenSSL, freed with the last reference.
///
/// Sendable: the pointer never changes, and after ``Certificate`` has read the extensions OpenSSL only reads.
private final class CertificateHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { X509_free(pointer) }
}
