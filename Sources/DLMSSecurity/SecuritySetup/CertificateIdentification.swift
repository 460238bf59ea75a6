// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The parameter of methods export_certificate and remove_certificate of a security setup object (Blue Book, class 64
/// version 1).
public enum CertificateIdentification: Hashable, Sendable {
    /// By owner and use.
    case entity(CertificateEntity, CertificateType, systemTitle: [UInt8])
    /// By number and issuer, sent as the meter itself lists them, since sources disagree about their form.
    case serial(serialNumber: [UInt8], issuer: [UInt8])

    /// Reads the parameter; nil for another shape.
    public init?(_ data: DLMSData) {
        guard
            case .structure(let members) = data, members.count == 2, case .enumeration(let kind) = members[0],
            case .structure(let options) = members[1]
        else { return nil }
        switch kind {
        case 0:
            guard
                options.count == 3,
                case .enumeration(let entity) = options[0], let entity = CertificateEntity(rawValue: entity),
                case .enumeration(let type) = options[1], let type = CertificateType(rawValue: type),
                case .octetString(let systemTitle) = options[2]
            else { return nil }
            self = .entity(entity, type, systemTitle: systemTitle)
        case 1:
            guard
                options.count == 2, case .octetString(let serialNumber) = options[0],
                case .octetString(let issuer) = options[1]
            else { return nil }
            self = .serial(serialNumber: serialNumber, issuer: issuer)
        default: return nil
        }
    }

    /// The parameter.
    public var data: DLMSData {
        switch self {
        case .entity(let entity, let type, let systemTitle):
            .structure([
                .enumeration(0),
                .structure([.enumeration(entity.rawValue), .enumeration(type.rawValue), .octetString(systemTitle)]),
            ])
        case .serial(let serialNumber, let issuer):
            .structure([.enumeration(1), .structure([.octetString(serialNumber), .octetString(issuer)])])
        }
    }
}
