// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import Foundation
import MeterTransport
import Subprocess
import Testing

@Suite("Meters over TLS")
struct TLSTests {
    let network = MeterNetwork()

    private func listen(_ pki: TestAuthority, asksClients: Bool = false) async throws -> MeterListener {
        try await MeterListener.bind(
            .tls(
                host: "127.0.0.1",
                port: 0,
                identity: pki.server,
                clientAuthorityFile: asksClients ? pki.authority : nil
            ),
            .init(OneValueMeter()),
            network: network
        )
    }

    private func read(_ port: Int, _ settings: TLSSettings) async throws {
        let (connection, _) = try await MeterConnection.open(
            to: .tls(TCPEndpoint(host: "127.0.0.1", port: port), settings),
            settings: .public,
            connectTimeout: .seconds(5),
            network: network
        )
        let answer = try await connection.perform(.get([.energy]))
        #expect(answer.response == .get([.data(OneValueMeter.value)]))
        await connection.release()
    }

    private func fault(_ port: Int, _ settings: TLSSettings) async -> TLSFault? {
        do {
            try await read(port, settings)
            return nil
        } catch {
            guard case .tlsRefused(let fault) = (error as? TransportError)?.reason else {
                Issue.record(error)
                return nil
            }
            return fault
        }
    }

    @Test("A meter that proves who it is is read, by one of us that proves who it is")
    func read() async throws {
        let pki = try await TestAuthority()
        let listener = try await listen(pki, asksClients: true)
        try await read(
            listener.port,
            TLSSettings(authorityFile: pki.authority, serverName: "meter.example", identity: pki.client)
        )
        #expect(listener.counters.served == [.associate: 1, .get: 1, .release: 1])
        await listener.close()
        await network.shutdown()
        pki.remove()
    }

    @Test("Each refusal says whose fault it is")
    func refusals() async throws {
        let pki = try await TestAuthority()
        let other = try await TestAuthority()
        let listener = try await listen(pki)
        let port = listener.port
        guard
            case .notTrusted = await fault(
                port,
                TLSSettings(authorityFile: other.authority, serverName: "meter.example")
            )
        else { throw Unexpected() }
        #expect(
            await fault(port, TLSSettings(authorityFile: pki.authority, serverName: "other.example"))
                == .wrongName(expected: "other.example")
        )
        #expect(
            await fault(port, TLSSettings(authorityFile: pki.authority)) == .wrongName(expected: "127.0.0.1")
        )
        #expect(await fault(port, TLSSettings(authorityFile: "/no/file")) == .fileUnusable("/no/file"))
        let foreignKey = TLSIdentity(certificateFile: pki.client.certificateFile, keyFile: other.client.keyFile)
        #expect(
            await fault(
                port,
                TLSSettings(authorityFile: pki.authority, serverName: "meter.example", identity: foreignKey)
            )
                == .keyDoesNotFit(other.client.keyFile)
        )
        let asking = try await listen(pki, asksClients: true)
        #expect(
            await fault(asking.port, TLSSettings(authorityFile: pki.authority, serverName: "meter.example"))
                == .clientCertificateRefused
        )
        await listener.close()
        await asking.close()
        await network.shutdown()
        pki.remove()
        other.remove()
    }

    private struct Unexpected: Error {}
}

/// An authority with a meter and a client, made for one test.
struct TestAuthority {
    let folder: String
    var authority: String { "\(folder)/ca.pem" }
    var server: TLSIdentity {
        TLSIdentity(certificateFile: "\(folder)/server.pem", keyFile: "\(folder)/server.key")
    }
    var client: TLSIdentity {
        TLSIdentity(certificateFile: "\(folder)/client.pem", keyFile: "\(folder)/client.key")
    }

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        try await run("req -x509 \(key) -keyout ca.key -out ca.pem -subj /CN=authority")
        for (name, subject) in [("server", "meter.example"), ("client", "gateway.example")] {
            try await run(
                "req -x509 \(key) -keyout \(name).key -out \(name).pem -subj /CN=\(subject) -CA ca.pem -CAkey ca.key "
                    + "-addext subjectAltName=DNS:\(subject) -addext basicConstraints=CA:FALSE"
            )
        }
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func run(_ arguments: String) async throws {
        let words = arguments.split(separator: " ").map(String.init)
        let openssl = try await Subprocess.run(
            .name("openssl"),
            arguments: Arguments(words),
            workingDirectory: .init(folder),
            output: .discarded,
            error: .discarded
        )
        #expect(openssl.terminationStatus.isSuccess, "openssl \(arguments)")
    }
}
