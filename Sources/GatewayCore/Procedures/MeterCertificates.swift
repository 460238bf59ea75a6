// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// A certificate in the list of a meter.
public struct ListedCertificate: Hashable, Sendable {
    /// Names it in the API: 16 hexadecimal digits made of serial number and issuer.
    public let id: String
    /// What the meter says of it.
    public let info: CertificateInfo
}

/// The certificates of a meter.
public struct CertificateListing: Sendable {
    /// The security setup.
    public let setup: MeterObject
    /// The certificates in the meter's order.
    public let items: [ListedCertificate]
    /// The association in which they were read.
    public let association: String
}

/// What came of an import.
public struct CertificateImport: Sendable {
    /// The certificate in the meter's list.
    public let entry: ListedCertificate
    /// The certificate.
    public let certificate: Certificate
    /// Whether its key was compared with the one in the meter's own request.
    public let isKeyChecked: Bool
}

/// A certificate as a meter gives it out.
public struct ExportedCertificate: Sendable {
    /// The certificate in the meter's list.
    public let entry: ListedCertificate
    /// Its octets.
    public let der: [UInt8]
    /// The certificate; nil when its key is on no curve of a security suite, or it is none.
    public let certificate: Certificate?
}
