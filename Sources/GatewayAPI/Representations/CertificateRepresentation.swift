// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import GatewayCore
import JSONText
import Timekeeping

/// How certificates of meters look in JSON.
enum CertificateRepresentation {
    /// The kinds of key pairs that meters have.
    enum KeyPairWord: String, CaseIterable {
        case digitalSignature = "digital-signature"
        case keyAgreement = "key-agreement"
        case transportLayerSecurity = "tls"

        var type: CertificateType {
            switch self {
            case .digitalSignature: .digitalSignature
            case .keyAgreement: .keyAgreement
            case .transportLayerSecurity: .transportLayerSecurity
            }
        }
    }

    /// The word for a use of keys.
    static func word(_ type: CertificateType) -> String {
        KeyPairWord.allCases.first { $0.type == type }?.rawValue ?? "other"
    }

    /// Writes what a meter lists, as members of an object that is begun.
    static func writeMembers(_ entry: ListedCertificate, into writer: inout JSONWriter) {
        writer.member("id", entry.id)
        writer.member("entity", word(entry.info.entity))
        writer.member("type", word(entry.info.type))
        writer.member("serialNumber", Hexadecimal.text(of: entry.info.serialNumber))
        writer.member("issuer", name(entry.info.issuer))
        writer.member("subject", name(entry.info.subject))
        writer.member("subjectAlternativeName", name(entry.info.subjectAlternativeName))
    }

    /// Writes what stands in a certificate, as members of an object that is begun.
    static func writeMembers(_ certificate: Certificate, into writer: inout JSONWriter) {
        writer.member("systemTitle", certificate.systemTitle.map { Hexadecimal.text(of: $0) })
        writer.member("notBefore", Timestamp(seconds: certificate.notBefore).rfc3339)
        writer.member("notAfter", Timestamp(seconds: certificate.notAfter).rfc3339)
        writer.member("publicKey", Hexadecimal.text(of: certificate.publicKey.octets))
    }

    private static func word(_ entity: CertificateEntity) -> String {
        switch entity {
        case .server: "server"
        case .client: "client"
        case .authority: "authority"
        case .other: "other"
        }
    }

    /// A name as text such as `CN=4D4D4D0000BC614E`, or as hexadecimal digits where it is no DER; nil when empty.
    private static func name(_ octets: [UInt8]) -> String? {
        guard !octets.isEmpty else { return nil }
        return CertificateName(der: octets)?.text ?? Hexadecimal.text(of: octets)
    }
}
