// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

extension SecurityState {
    /// Makes a new key pair in place of the one before.
    mutating func generateKeyPair(_ parameter: DLMSData?) -> ActionResult {
        guard let type = Self.type(parameter) else { return .typeUnmatched }
        guard let curve = suite.curve, let pair = try? EllipticCurvePrivateKey.generate(on: curve) else {
            return .otherReason
        }
        keyPairs[type] = pair
        return .success
    }

    /// Makes a request for the certificate of a key pair (PKCS #10).
    func certificateRequest(_ parameter: DLMSData?, systemTitle: [UInt8]) -> ActionOutcome {
        guard let type = Self.type(parameter) else { return ActionOutcome(result: .typeUnmatched) }
        guard let pair = keyPairs[type], let request = try? CertificateRequest(systemTitle: systemTitle, key: pair)
        else { return ActionOutcome(result: .otherReason) }
        return ActionOutcome(result: .success, returned: .data(DLMSData.octetString(request.der).octets))
    }

    /// Keeps a certificate: the meter's own, for which it must have the key, or somebody else's.
    mutating func importCertificate(_ parameter: DLMSData?, systemTitle: [UInt8]) -> ActionResult {
        guard case .octetString(let der)? = parameter else { return .typeUnmatched }
        guard let certificate = try? Certificate(der: der) else { return .otherReason }
        let type: CertificateType =
            certificate.usage?.contains(.keyAgreement) == true ? .keyAgreement : .digitalSignature
        let isOwn = certificate.systemTitle == systemTitle
        if isOwn, keyPairs[type]?.publicKey != certificate.publicKey { return .otherReason }
        let entity: CertificateEntity = certificate.isAuthority ? .authority : isOwn ? .server : .client
        let info = CertificateInfo(entity: entity, type: type, certificate: certificate)
        certificates.removeAll { $0.certificate == certificate }
        certificates.append((info, certificate))
        if entity == .client, certificate.publicKey.curve == suite.curve { clientKeys[type] = certificate.publicKey }
        return .success
    }

    /// Gives a certificate.
    func exportCertificate(_ parameter: DLMSData?) -> ActionOutcome {
        guard let identification = parameter.flatMap({ CertificateIdentification($0) }) else {
            return ActionOutcome(result: .typeUnmatched)
        }
        guard let place = place(of: identification) else { return ActionOutcome(result: .objectUndefined) }
        let der = certificates[place].certificate.der
        return ActionOutcome(result: .success, returned: .data(DLMSData.octetString(der).octets))
    }

    /// Forgets a certificate.
    mutating func removeCertificate(_ parameter: DLMSData?) -> ActionResult {
        guard let identification = parameter.flatMap({ CertificateIdentification($0) }) else { return .typeUnmatched }
        guard let place = place(of: identification) else { return .objectUndefined }
        certificates.remove(at: place)
        return .success
    }

    private func place(of identification: CertificateIdentification) -> Int? {
        certificates.firstIndex { entry in
            switch identification {
            case .entity(let entity, let type, let title):
                entry.info.entity == entity && entry.info.type == type
                    && (title.isEmpty || entry.certificate.systemTitle == title)
            case .serial(let serialNumber, let issuer):
                entry.info.serialNumber == serialNumber && entry.info.issuer == issuer
            }
        }
    }

    private static func type(_ parameter: DLMSData?) -> CertificateType? {
        guard case .enumeration(let number)? = parameter else { return nil }
        return CertificateType(rawValue: number)
    }
}
