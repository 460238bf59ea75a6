// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import HTTPKit
import MicroHTTPServer
import Testing

@Suite(.serialized) struct TLSTests {
    @Test func cutsHandshakesThatAreNeverFinished() async throws {
        let tls = HTTPServerTLS(try identity())
        // One connection only: the second client is served when the first one's is given up.
        let limits = HTTPServerLimits(connections: 1, requestTime: .seconds(1))
        try await ServerFixture(limits: limits, tls: tls) { _ in .text("served") }.run { _, port in
            for part: [UInt8] in [[0x16], [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]] {
                let silent = try RawClient(port: port)
                silent.send(part)
                #expect(try silent.rest() == "")
            }
            let client = try TLSClient(port: port)
            #expect(try client.answer("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").hasSuffix("served"))
        }
    }

    @Test func cancelsTheResponderWhenItsClientLeaves() async throws {
        let held = HeldAnswer()
        try await ServerFixture(tls: HTTPServerTLS(try identity())) { _ in await held.respond() }.run { _, port in
            let client = try TLSClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            await held.started.arrivals(1)
            client.close()
            await held.isCancelled()
        }
    }

    @Test func tellsWhatIsWrongWithCertificatesAndKeys() throws {
        let (certificate, key) = try pair()
        let (_, other) = try pair()
        let garbage = Array("nothing".utf8)
        let locked = Array("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n".utf8)
        for (chain, key, authorities, fault): ([UInt8], [UInt8], [UInt8]?, HTTPServerIdentityFault) in [
            (garbage, key, nil, .chainUnreadable), (key, key, nil, .chainUnreadable),
            (certificate, garbage, nil, .keyUnreadable), (certificate, certificate, nil, .keyUnreadable),
            (certificate, locked, nil, .keyEncrypted), (certificate, other, nil, .keyOfAnother),
            (certificate, key, garbage, .authoritiesUnreadable),
        ] {
            #expect(throws: fault) { try HTTPServerIdentity(chain: chain, key: key, clientAuthorities: authorities) }
        }
        #expect(try HTTPServerIdentity(chain: certificate, key: key).expiresAt == 4_000_000_000)
    }

    private func identity() throws -> HTTPServerIdentity {
        let (certificate, key) = try pair()
        return try HTTPServerIdentity(chain: certificate, key: key)
    }

    /// A certificate and its key, both PEM.
    private func pair() throws -> (certificate: [UInt8], key: [UInt8]) {
        let key = try EllipticCurvePrivateKey.generate(on: .p256)
        let authority = try CertificateAuthority(name: "authority", key: key, validity: 0...4_000_000_000)
        let issued = try authority.issue(
            CertificateRequest(systemTitle: Array("SERVER01".utf8), key: key),
            serialNumber: [2],
            validity: 0...4_000_000_000,
            usage: .digitalSignature
        )
        let certificate = PEMText.text(of: issued.der, as: .certificate)
        // RFC 5915: version 1, the private key, the curve P-256, the public key.
        let curve: [UInt8] = [0xA0, 10, 6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]
        let point = [0xA1, 68, 3, 66, 0, 4] + key.publicKey.octets
        let der = [0x30, 119, 2, 1, 1, 4, 32] + key.secret.exposedOctets + curve + point
        let text = PEMText.text(of: der, as: .certificate)
        return (Array(certificate.utf8), Array(text.replacing("CERTIFICATE", with: "EC PRIVATE KEY").utf8))
    }
}

/// A client that speaks TLS by hand.
private struct TLSClient {
    private let client: RawClient
    private let session: TLSSession

    init(port: UInt16) throws {
        client = try RawClient(port: port)
        session = try TLSSession(client: TLSContext.trustingAnybody(), serverName: "server")
        var output = session.connected()
        while !session.isOpen {
            client.send(output.send)
            let piece = try client.piece()
            try #require(!piece.isEmpty, "the server ended the handshake")
            output = session.received(piece)
            try #require(output.fault == nil)
        }
        client.send(output.send)
    }

    func send(_ text: String) {
        client.send(session.send(Array(text.utf8)).send)
    }

    func close() {
        client.close()
    }

    /// Everything that comes back until the server closes the connection.
    func answer(_ text: String) throws -> String {
        send(text)
        var octets: [UInt8] = []
        while true {
            let piece = try client.piece()
            if piece.isEmpty { return String(decoding: octets, as: UTF8.self) }
            octets += session.received(piece).received
        }
    }
}
