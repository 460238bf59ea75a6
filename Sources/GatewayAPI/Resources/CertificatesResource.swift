// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Fleet
import GatewayCore
import HTTPKit
import JSONText

/// Key pairs and certificates of meters.
extension GatewayAPI {
    @Sendable func listCertificates(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let listing = try await gateway.certificates(
            of: meter,
            setup: try request.securitySetup(),
            try request.wishes()
        )
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            ReadingRepresentation.write(listing.setup, into: &writer)
            writer.member("items", listing.items) { entry, writer in
                CertificateRepresentation.writeMembers(entry, into: &writer)
            }
            writer.member("association", listing.association)
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func generateKeyPair(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let type = try request.keyPairType()
        try await gateway.generateKeyPair(type, of: meter, setup: try request.securitySetup(), try request.wishes())
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.member("type", CertificateRepresentation.word(type))
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func requestCertificate(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let type = try request.keyPairType()
        let made = try await gateway.certificateRequest(
            type,
            of: meter,
            setup: try request.securitySetup(),
            try request.wishes()
        )
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            writer.member("type", CertificateRepresentation.word(type))
            writer.member("subject", made.subject.text)
            writer.member("systemTitle", made.subject.systemTitle.map { Hexadecimal.text(of: $0) })
            writer.member("publicKey", Hexadecimal.text(of: made.publicKey.octets))
            writer.member("pem", PEMText.text(of: made.der, as: .certificateRequest))
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func importCertificate(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let outcome = try await gateway.importCertificate(
            try request.certificate(),
            into: meter,
            setup: try request.securitySetup(),
            try request.wishes()
        )
        return HTTPResponse.json(status: 201) { writer in
            writer.beginObject()
            writer.member("meter", meter)
            CertificateRepresentation.writeMembers(outcome.entry, into: &writer)
            CertificateRepresentation.writeMembers(outcome.certificate, into: &writer)
            writer.member("verified", true)
            writer.member("keyChecked", outcome.isKeyChecked)
            writer.endObject()
        }
        .with("Location", "\(settings.basePath)/meters/\(meter)/certificates/\(outcome.entry.id)")
        .with("Cache-Control", "no-store")
    }

    @Sendable func getCertificate(_ request: RoutedRequest) async throws -> HTTPResponse {
        let meter = request.parameter("id")
        let exported = try await gateway.certificate(
            request.parameter("certificate"),
            of: meter,
            setup: try request.securitySetup(),
            try request.wishes()
        )
        return HTTPResponse.json { writer in
            writer.beginObject()
            writer.member("meter", meter)
            CertificateRepresentation.writeMembers(exported.entry, into: &writer)
            if let certificate = exported.certificate {
                CertificateRepresentation.writeMembers(certificate, into: &writer)
            }
            writer.member("pem", PEMText.text(of: exported.der, as: .certificate))
            writer.endObject()
        }
        .with("Cache-Control", "no-store")
    }

    @Sendable func removeCertificate(_ request: RoutedRequest) async throws -> HTTPResponse {
        try await gateway.removeCertificate(
            request.parameter("certificate"),
            of: request.parameter("id"),
            setup: try request.securitySetup(),
            try request.wishes()
        )
        return HTTPResponse(status: 204)
    }
}

extension RoutedRequest {
    /// The security setup that the caller chooses; nil for the usual one.
    fileprivate func securitySetup() throws -> OBISCode? { try objectChoice("securitySetup") }

    /// The member `type` of the body.
    fileprivate func keyPairType() throws -> CertificateType {
        try members { members throws(JSONMemberError) in
            let word: CertificateRepresentation.KeyPairWord = try members.requiredChoice("type")
            return word.type
        }
    }

    /// A certificate in the body: PEM or DER, alone or in JSON.
    fileprivate func certificate() throws -> [UInt8] {
        let malformed = "a certificate in PEM, BEGIN CERTIFICATE to END CERTIFICATE"
        switch headers["Content-Type"].map({ $0.prefix { $0 != ";" }.lowercased() }) {
        case "application/pkix-cert": return body
        case "application/x-pem-file", "application/pem-certificate-chain":
            guard let der = PEMText.octets(of: String(decoding: body, as: UTF8.self), as: .certificate) else {
                throw JSONMemberError(.invalid(expected: malformed), at: .root)
            }
            return der
        default:
            return try members { members throws(JSONMemberError) in
                guard let der = PEMText.octets(of: try members.requiredString("pem"), as: .certificate) else {
                    throw JSONMemberError(.invalid(expected: malformed), at: "/pem")
                }
                return der
            }
        }
    }
}
