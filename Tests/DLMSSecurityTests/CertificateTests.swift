// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Foundation
import Testing

@Suite struct CertificateTests {
    private static let title = hex("4D4D4D0000BC614E")
    private static let validity: ClosedRange<Int64> = 1_700_000_000...1_800_000_000

    @Test(arguments: ["p256", "p384"])
    func certificatesOfTheOpenSSLCommandAreRead(name: String) throws {
        let fixture = try Fixture.named(name)
        let authority = try Certificate(der: fixture.authority)
        let certificate = try Certificate(der: fixture.certificate)
        #expect(certificate.systemTitle == Self.title)
        #expect(certificate.subject.text == "CN=4D4D4D0000BC614E")
        #expect(certificate.issuer.text == "CN=Example meter authority,O=Example,C=XX")
        #expect(certificate.issuer == authority.subject)
        #expect(certificate.serialNumber == hex("A1B2"))
        #expect(certificate.publicKey.octets == fixture.publicKey)
        #expect(certificate.usage == .digitalSignature)
        #expect(!certificate.isAuthority)
        #expect(certificate.notAfter - certificate.notBefore == 3650 * 86_400)
        #expect(certificate.der == fixture.certificate)
        #expect(authority.isAuthority && authority.systemTitle == nil)
        #expect(authority.serialNumber == hex("0102030405060708"))
        #expect(authority.usage == [.certificateSigning, .revocationListSigning])
        try certificate.verify(issuedBy: authority, at: certificate.notBefore, for: .digitalSignature)
        try authority.verify(issuedBy: authority, at: nil)
    }

    @Test(arguments: ["p256", "p384"])
    func requestsOfTheOpenSSLCommandAreRead(name: String) throws {
        let fixture = try Fixture.named(name)
        let request = try CertificateRequest(der: fixture.request)
        #expect(request.subject.systemTitle == Self.title)
        #expect(request.publicKey.octets == fixture.publicKey)
        for index in fixture.request.indices {
            var altered = fixture.request
            altered[index] ^= 1
            #expect(throws: CertificateError.self, "octet \(index)") { try CertificateRequest(der: altered) }
        }
    }

    @Test func eachAlteredOctetOfACertificateIsRefused() throws {
        let fixture = try Fixture.named("p256")
        let authority = try Certificate(der: fixture.authority)
        for index in fixture.certificate.indices {
            var altered = fixture.certificate
            altered[index] ^= 1
            #expect(throws: CertificateError.self, "octet \(index)") {
                try Certificate(der: altered).verify(issuedBy: authority, at: nil)
            }
        }
        for count in fixture.certificate.indices {
            #expect(throws: CertificateError.malformed) {
                try Certificate(der: Array(fixture.certificate[..<count]))
            }
        }
        #expect(throws: CertificateError.malformed) { try Certificate(der: fixture.certificate + [0]) }
    }

    @Test func keysOfNoSecuritySuiteAreRefused() throws {
        let fixture = try Fixture.named("rsa")
        #expect(throws: CertificateError.unsupportedKey) { try Certificate(der: fixture.certificate) }
    }

    @Test(arguments: EllipticCurve.allCases)
    func requestsAreIssuedAndVerified(curve: EllipticCurve) throws {
        let authority = try CertificateAuthority(name: "Root", key: .generate(on: curve), validity: Self.validity)
        let key = try EllipticCurvePrivateKey.generate(on: curve)
        let request = try CertificateRequest(systemTitle: Self.title, key: key)
        #expect(request.publicKey == key.publicKey)
        #expect(request.subject.systemTitle == Self.title)
        let certificate = try authority.issue(
            CertificateRequest(der: request.der),
            serialNumber: [0, 0x81, 2],
            validity: Self.validity,
            usage: .keyAgreement
        )
        #expect(certificate.serialNumber == [0x81, 2])
        #expect(certificate.usage == .keyAgreement)
        #expect(certificate.notBefore == Self.validity.lowerBound && certificate.notAfter == Self.validity.upperBound)
        #expect(certificate.publicKey == key.publicKey)
        let root = authority.certificate
        try certificate.verify(issuedBy: root, at: 1_750_000_000, for: .keyAgreement)

        #expect(throws: CertificateError.otherUsage) {
            try certificate.verify(issuedBy: root, at: nil, for: .digitalSignature)
        }
        #expect(throws: CertificateError.notYetValid(until: 1_700_000_000)) {
            try certificate.verify(issuedBy: root, at: 1_699_999_999)
        }
        #expect(throws: CertificateError.expired(since: 1_800_000_000)) {
            try certificate.verify(issuedBy: root, at: 1_800_000_001)
        }
        #expect(throws: CertificateError.otherIssuer) { try certificate.verify(issuedBy: certificate, at: nil) }
        let impostor = try CertificateAuthority(name: "Root", key: .generate(on: curve), validity: Self.validity)
        #expect(throws: CertificateError.signatureMismatch) {
            try certificate.verify(issuedBy: impostor.certificate, at: nil)
        }
    }

    @Test func aCertificateThatIsNoAuthorityIssuesNothing() throws {
        let key = try EllipticCurvePrivateKey.generate(on: .p256)
        let root = try CertificateAuthority(name: "Root", key: key, validity: Self.validity)
        let selfSigned = try root.issue(
            CertificateRequest(systemTitle: Self.title, key: key),
            serialNumber: [2],
            validity: Self.validity,
            usage: .digitalSignature
        )
        let impostor = try CertificateAuthority(name: "4D4D4D0000BC614E", key: key, validity: Self.validity)
        let leaf = try impostor.issue(
            CertificateRequest(systemTitle: hex("4D4D4D0000000001"), key: key),
            serialNumber: [3],
            validity: Self.validity,
            usage: .digitalSignature
        )
        #expect(throws: CertificateError.issuerIsNoAuthority) { try leaf.verify(issuedBy: selfSigned, at: nil) }
    }
}

/// Certificates made by another tool.
private struct Fixture: Decodable {
    var name: String
    private var authorityText: String
    private var certificateText: String
    private var requestText: String
    private var publicKeyText: String

    var authority: [UInt8] { hex(authorityText) }
    var certificate: [UInt8] { hex(certificateText) }
    var request: [UInt8] { hex(requestText) }
    var publicKey: [UInt8] { hex(publicKeyText) }

    private enum CodingKeys: String, CodingKey {
        case name
        case authorityText = "authority"
        case certificateText = "certificate"
        case requestText = "request"
        case publicKeyText = "public_key"
    }

    static func named(_ name: String) throws -> Fixture {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Vectors/certificates.json")
        let fixtures = try JSONDecoder().decode([Fixture].self, from: Data(contentsOf: file))
        return try #require(fixtures.first { $0.name == name })
    }
}
