// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import JSONText
import Testing

@Suite("Agreement on keys")
struct KeyAgreementTests {
    private static let order =
        #"{"keys":{"globalUnicast":null,"authentication":null},"method":"agreement","through":"signed"}"#

    /// A gateway with an association that rests on the global keys and one that does not.
    static func run(
        suite: SecuritySuite = .suite1,
        _ body: (APIBench, KeyMeter) async throws -> Void
    ) async throws {
        let meter = KeyMeter(suite: suite)
        let curve = try #require(suite.curve)
        func key(_ octet: (Int) -> Int) -> String {
            Hexadecimal.text(of: (0..<suite.keyLength).map { UInt8(truncatingIfNeeded: octet($0)) })
        }
        func pair(_ octet: UInt8) throws -> EllipticCurvePrivateKey {
            try EllipticCurvePrivateKey(
                curve: curve,
                secret: Secret([UInt8](repeating: octet, count: curve.coordinateLength))
            )
        }
        func point(_ octet: UInt8) throws -> String { Hexadecimal.text(of: try pair(octet).publicKey.octets) }
        func secret(_ octet: UInt8) -> String {
            Hexadecimal.text(of: [UInt8](repeating: octet, count: curve.coordinateLength))
        }
        let security = """
            "suite":\(suite.rawValue),"clientSystemTitle":"434F53454D475731",
            "blockCipherKey":{"hex":"\(key { $0 })"},"authenticationKey":{"hex":"\(key { 0xD0 + $0 })"},
            "signingKey":{"hex":"\(secret(1))"},"serverSigningKey":"\(try point(3))",
            "agreementKey":{"hex":"\(secret(2))"},"serverAgreementKey":"\(try point(4))"
            """
        try await APIBench.run(serving: meter.begin) { bench in
            meter.listener.withLock { $0 = bench.listener }
            let answer = try await bench.send(
                .patch,
                "/meters/M1",
                """
                {"associations":{"reader":null,
                  "manager":{"clientAddress":1,"authentication":{"mechanism":"gmac","secret":null},"security":{\(security)}},
                  "signed":{"clientAddress":1,"authentication":{"mechanism":"ecdsa","secret":null},
                            "security":{\(security),"protection":["signed"]}}},
                 "timeouts":{"response":"PT4S"}}
                """
            )
            #expect(answer.status == 200, "\(answer.text)")
            try await bench.working { try await body(bench, meter) }
            meter.listener.withLock { $0 = nil }
        }
    }

    private static func reads(_ bench: APIBench, _ association: String) async throws -> Int {
        try await bench.get("/meters/M1/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0&association=\(association)")
            .status
    }

    @Test(arguments: [SecuritySuite.suite1, .suite2])
    func `Both sides make new keys and use them from then on`(suite: SecuritySuite) async throws {
        try await Self.run(suite: suite) { bench, meter in
            let before = meter.counters
            let made = try await bench.send(.post, "/meters/M1/keys/change", Self.order)
            let execution = try await SecretChangeTests.finished(made, bench)
            #expect(execution["result"]?["state"] == "adopted", "\(execution)")
            #expect(execution["result"]?["places"]?.array?.count == 4)
            #expect(meter.counters !== before)
            for association in ["manager", "signed"] {
                #expect(try await Self.reads(bench, association) == 200)
            }
        }
    }

    @Test(arguments: [KeyMeter.Mishap.answerLost, .requestLost])
    func `Keys that were lost with the answer are agreed on again`(mishap: KeyMeter.Mishap) async throws {
        try await Self.run { bench, meter in
            meter.mishap.withLock { $0 = mishap }
            let made = try await bench.send(.post, "/meters/M1/keys/change", Self.order)
            let execution = try await SecretChangeTests.finished(made, bench)
            #expect(execution["state"] == (mishap == .answerLost ? "succeeded" : "failed"), "\(execution)")
            #expect(meter.transfers == (mishap == .answerLost ? 2 : 1))
            #expect(try await Self.reads(bench, "manager") == 200)
        }
    }

    @Test func `Meanwhile no other change begins`() async throws {
        try await Self.run { bench, meter in
            meter.mishap.withLock { $0 = .answerLost }
            meter.staysAway.withLock { $0 = true }
            let made = try await bench.send(.post, "/meters/M1/keys/change", Self.order)
            let path = try #require(made.headers["Location"])
            while try await bench.get(path + "/executions").json["items"]?[0]?["state"] != "outcome-unknown" {
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(try await bench.send(.post, "/meters/M1/keys/change", Self.order).problem == "secrets-pending")
            meter.comeBack()
            let execution = try await SecretChangeTests.finished(made, bench)
            #expect(execution["result"]?["state"] == "adopted", "\(execution)")
            #expect(try await Self.reads(bench, "manager") == 200)
        }
    }

    @Test func `Without a way back keys are agreed on only by one who accepts to lose the meter`() async throws {
        try await Self.run { bench, _ in
            let risky = #"{"keys":{"globalUnicast":null},"method":"agreement"}"#
            let refused = try await bench.send(.post, "/meters/M1/keys/change", risky)
            #expect(refused.problem == "value-out-of-range")
            #expect(refused.json["pointer"] == "/through")
            let accepted = #"{"keys":{"globalUnicast":null},"method":"agreement","acceptLoss":true}"#
            let made = try await bench.send(.post, "/meters/M1/keys/change", accepted)
            let execution = try await SecretChangeTests.finished(made, bench)
            #expect(execution["result"]?["state"] == "adopted", "\(execution)")
            #expect(try await Self.reads(bench, "manager") == 200)
        }
    }

    @Test func `A key of the caller's own cannot be agreed on`() async throws {
        try await Self.run { bench, _ in
            let body =
                #"{"keys":{"globalUnicast":{"hex":"000102030405060708090A0B0C0D0E0F"}},"method":"agreement","through":"signed"}"#
            let answer = try await bench.send(.post, "/meters/M1/keys/change", body)
            #expect(answer.status == 422)
            #expect(answer.json["pointer"] == "/keys/globalUnicast")
        }
    }
}
