// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Who a certificate of a security setup object belongs to (Blue Book, class 64 version 1).
public enum CertificateEntity: UInt8, Hashable, Sendable {
    /// The meter itself.
    case server = 0
    /// A client.
    case client = 1
    /// A certification authority.
    case authority = 2
    /// Somebody else.
    case other = 3
}

/// What the key of a certificate of a security setup object is for; also what key pairs are made for.
public enum CertificateType: UInt8, Hashable, Sendable {
    /// Signatures.
    case digitalSignature = 0
    /// Agreement on keys.
    case keyAgreement = 1
    /// TLS.
    case transportLayerSecurity = 2
    /// Something else.
    case other = 3
}

/// One element of the certificates attribute of a security setup object (Blue Book, class 64 version 1, attribute 6).
public struct CertificateInfo: Hashable, Sendable {
    /// Who it belongs to.
    public var entity: CertificateEntity
    /// What its key is for.
    public var type: CertificateType
    /// The serial number, in the form that the meter has: bare octets or a DER INTEGER.
    public var serialNumber: [UInt8]
    /// The issuer, in the form that the meter has: most often a DER Name.
    public var issuer: [UInt8]
    /// The subject, in the same form.
    public var subject: [UInt8]
    /// The alternative name of the subject; empty when there is none.
    public var subjectAlternativeName: [UInt8]

    /// Describes a certificate that a meter holds.
    public init(entity: CertificateEntity, type: CertificateType, certificate: Certificate) {
        self.entity = entity
        self.type = type
        serialNumber = certificate.serialNumber
        issuer = certificate.issuer.der
        subject = certificate.subject.der
        subjectAlternativeName = []
    }

    /// Reads an element; nil for another shape.
    public init?(_ data: DLMSData) {
        guard
            case .structure(let members) = data, members.count >= 5,
            case .enumeration(let entityNumber) = members[0], let entity = CertificateEntity(rawValue: entityNumber),
            case .enumeration(let typeNumber) = members[1], let type = CertificateType(rawValue: typeNumber),
            case .octetString(let serialNumber) = members[2], case .octetString(let issuer) = members[3],
            case .octetString(let subject) = members[4]
        else { return nil }
        self.entity = entity
        self.type = type
        self.serialNumber = serialNumber
        self.issuer = issuer
        self.subject = subject
        subjectAlternativeName = if members.count > 5, case .octetString(let name) = members[5] { name } else { [] }
    }

    /// The element.
    public var data: DLMSData {
        .structure([
            .enumeration(entity.rawValue), .enumeration(type.rawValue), .octetString(serialNumber),
            .octetString(issuer), .octetString(subject), .octetString(subjectAlternativeName),
        ])
    }
}
