// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import JSONText
import Testing

@Suite("Certificates of meters")
struct CertificateTests {
    private static let path = "/meters/M1/certificates"
    private static let kind = #"{"type":"digital-signature"}"#

    /// A certificate for the key that a request names, in PEM.
    private static func issued(_ request: JSONValue, on curve: EllipticCurve = .p256) throws -> String {
        let authority = try CertificateAuthority(
            name: "Authority",
            key: .generate(on: curve),
            validity: 0...4_000_000_000
        )
        let der = try #require(PEMText.octets(of: request["pem"]?.string ?? "", as: .certificateRequest))
        let certificate = try authority.issue(
            CertificateRequest(der: der),
            serialNumber: [0x5A, 0x11],
            validity: 0...4_000_000_000,
            usage: .digitalSignature
        )
        return PEMText.text(of: certificate.der, as: .certificate)
    }

    private static func body(_ pem: String) -> String {
        #"{"pem":"\#(pem.replacing("\n", with: "\\n"))"}"#
    }

    @Test func `A certificate is requested, imported, given out and removed`() async throws {
        try await KeyAgreementTests.run { bench, _ in
            #expect(try await bench.send(.post, Self.path + "/key-pairs", Self.kind).status == 200)
            let request = try await bench.send(.post, Self.path + "/requests", Self.kind)
            #expect(request.status == 200, "\(request.text)")
            let pem = try Self.issued(request.json)
            let made = try await bench.send(.post, Self.path, Self.body(pem))
            #expect(made.status == 201, "\(made.text)")
            #expect(made.json["keyChecked"] == true)
            #expect(made.json["serialNumber"] == "5A11")
            let place = try #require(made.headers["Location"])
            #expect(try await bench.get(place).json["pem"]?.string == pem)
            #expect(try await bench.get(Self.path).json["items"]?.array?.count == 1)
            #expect(try await bench.send(.delete, place).status == 204)
            #expect(try await bench.get(place).problem == "not-found")
        }
    }

    @Test func `A certificate for a key pair that the meter has no more is refused`() async throws {
        try await KeyAgreementTests.run { bench, _ in
            let request = try await bench.send(.post, Self.path + "/requests", Self.kind)
            let pem = try Self.issued(request.json)
            #expect(try await bench.send(.post, Self.path + "/key-pairs", Self.kind).status == 200)
            let answer = try await bench.send(.post, Self.path, Self.body(pem))
            #expect(answer.problem == "value-out-of-range")
            #expect(try await bench.get(Self.path).json["items"]?.array?.isEmpty == true)
        }
    }

    @Test func `A certificate comes in PEM or DER, alone or in JSON`() async throws {
        try await KeyAgreementTests.run { bench, _ in
            let request = try await bench.send(.post, Self.path + "/requests", Self.kind)
            let pem = try Self.issued(request.json)
            let der = try #require(PEMText.octets(of: pem, as: .certificate))
            for (type, octets) in [("application/x-pem-file", Array(pem.utf8)), ("application/pkix-cert", der)] {
                let answer = try await bench.send(.post, Self.path, octets: octets, headers: ["Content-Type": type])
                #expect(answer.status == 201, "\(answer.text)")
            }
            let cut = try await bench.send(
                .post,
                Self.path,
                octets: der.dropLast(),
                headers: ["Content-Type": "application/pkix-cert"]
            )
            #expect(cut.problem == "value-out-of-range")
        }
    }

    @Test func `A security setup without certificates says so`() async throws {
        try await KeyAgreementTests.run { bench, _ in
            let answer = try await bench.get(Self.path + "?securitySetup=0.0.43.0.1.255")
            #expect(answer.problem == "not-supported")
            #expect(try await bench.send(.post, Self.path + "/key-pairs", #"{"type":"stamp"}"#).status == 422)
        }
    }
}
