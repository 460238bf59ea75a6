// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
import JSONText
import MeterSimulator
import MeterTransport
import Synchronization
import Testing

@Suite("Changes of keys and passwords")
struct SecretChangeTests {
    private static let energy = "/meters/M1/objects/1.0.1.8.0.255/attributes/2?class=3&maxAge=0"

    /// A gateway that talks to a simulated meter by GMAC, authenticated and encrypted.
    private static func run(
        suite: SecuritySuite = .suite0,
        master: String? = nil,
        _ body: (APIBench, KeyMeter) async throws -> Void
    ) async throws {
        let meter = KeyMeter(suite: suite)
        try await APIBench.run(serving: meter.begin) { bench in
            meter.listener.withLock { $0 = bench.listener }
            let octets = suite.keyLength
            func key(_ octet: (Int) -> Int) -> String {
                Hexadecimal.text(of: (0..<octets).map { UInt8(truncatingIfNeeded: octet($0)) })
            }
            let security = """
                {"suite":\(suite.rawValue),"clientSystemTitle":"434F53454D475731",
                 "blockCipherKey":{"hex":"\(key { $0 })"},"authenticationKey":{"hex":"\(key { 0xD0 + $0 })"},
                 "broadcastKey":{"hex":"\(key { 0x0F - $0 })"},"masterKey":{"hex":"\(master ?? key { 0x30 + $0 })"}}
                """
            let answer = try await bench.send(
                .patch,
                "/meters/M1",
                """
                {"associations":{
                  "reader":{"clientAddress":32,"authentication":{"mechanism":"low","secret":{"text":"12345678"}},"security":\(security)},
                  "manager":{"clientAddress":1,"authentication":{"mechanism":"gmac","secret":null},"security":\(security)},
                  "secret":{"clientAddress":1,"authentication":{"mechanism":"sha256","secret":{"text":"SIMULATED-SECRET"}},"security":\(security)}},
                 "timeouts":{"response":"PT4S"}}
                """
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await bench.get(Self.energy).status == 200)
            try await bench.working { try await body(bench, meter) }
            meter.listener.withLock { $0 = nil }
        }
    }

    static func finished(_ answer: APIBench.Answer, _ bench: APIBench) async throws -> JSONValue {
        #expect(answer.status == 202, "\(answer.text)")
        return try await bench.finishedExecution(of: try #require(answer.headers["Location"]))
    }

    private static func reads(_ bench: APIBench, association: String? = nil) async throws -> Int {
        try await bench.get(energy + (association.map { "&association=\($0)" } ?? "")).status
    }

    @Test(arguments: [SecuritySuite.suite0, .suite2])
    func `New keys are made, sent and used from then on`(suite: SecuritySuite) async throws {
        try await Self.run(suite: suite) { bench, meter in
            let before = meter.counters
            let made = try await bench.send(
                .post,
                "/meters/M1/keys/change",
                #"{"keys":{"globalUnicast":null,"authentication":null}}"#
            )
            let execution = try await Self.finished(made, bench)
            #expect(execution["state"] == "succeeded")
            #expect(execution["result"]?["state"] == "adopted")
            #expect(execution["result"]?["places"]?.array?.count == 6)
            // A new key has counters of its own, and every association with it reads on.
            #expect(meter.counters !== before)
            for association in ["reader", "manager", "secret"] {
                #expect(try await Self.reads(bench, association: association) == 200)
            }
            #expect(meter.transfers == 1)
        }
    }

    @Test func `No answer of the gateway shows a key`() async throws {
        try await Self.run { bench, _ in
            let key = "A1B2C3D4E5F60718293A4B5C6D7E8F90"
            let body = #"{"keys":{"globalUnicast":{"hex":"\#(key)"}}}"#
            let made = try await bench.send(.post, "/meters/M1/keys/change", body)
            _ = try await Self.finished(made, bench)
            let path = try #require(made.headers["Location"])
            for target in [path, path + "/executions", "/meters/M1"] {
                #expect(try await !bench.get(target).text.uppercased().contains(key))
            }
            #expect(try await Self.reads(bench) == 200)
        }
    }

    @Test func `A master key goes with a new unicast key and wraps the next one`() async throws {
        try await Self.run { bench, meter in
            for keys in [#"{"master":null}"#, #"{"globalUnicast":null}"#] {
                let made = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":\#(keys)}"#)
                let execution = try await Self.finished(made, bench)
                #expect(execution["result"]?["state"] == "adopted")
            }
            #expect(meter.transfers == 2)
            #expect(try await Self.reads(bench) == 200)
        }
    }

    @Test func `A wrong master key changes nothing`() async throws {
        try await Self.run(master: "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF") { bench, _ in
            let made = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":{"globalUnicast":null}}"#)
            let execution = try await Self.finished(made, bench)
            #expect(execution["state"] == "failed")
            #expect(execution["problem"]?["type"] == "/docs/problems/meter-refused")
            #expect(try await Self.reads(bench) == 200)
            let resolved = try await bench.send(.post, "/meters/M1/secrets/resolve")
            #expect(resolved.json["state"] == "none")
        }
    }

    @Test(arguments: [KeyMeter.Mishap.answerLost, .requestLost])
    func `When the answer is lost the gateway finds out which keys the meter has`(
        mishap: KeyMeter.Mishap
    ) async throws {
        try await Self.run { bench, meter in
            meter.mishap.withLock { $0 = mishap }
            let made = try await bench.send(
                .post,
                "/meters/M1/keys/change",
                #"{"keys":{"globalUnicast":null,"authentication":null}}"#
            )
            let execution = try await Self.finished(made, bench)
            #expect(execution["state"] == (mishap == .answerLost ? "succeeded" : "failed"))
            #expect(try await Self.reads(bench) == 200)
            #expect(meter.transfers == 1)
            #expect(try await bench.send(.post, "/meters/M1/secrets/resolve").json["state"] == "none")
        }
    }

    @Test(arguments: [KeyMeter.Mishap.answerLost, .requestLost])
    func `A meter that stays away is asked when it is back`(mishap: KeyMeter.Mishap) async throws {
        try await Self.run { bench, meter in
            meter.mishap.withLock { $0 = mishap }
            meter.staysAway.withLock { $0 = true }
            let made = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":{"globalUnicast":null}}"#)
            let path = try #require(made.headers["Location"])
            while try await bench.get(path + "/executions").json["items"]?[0]?["state"] != "outcome-unknown" {
                try await Task.sleep(for: .milliseconds(2))
            }
            // Another change has to wait until this one is settled.
            let second = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":{"globalUnicast":null}}"#)
            #expect(second.problem == "secrets-pending")
            meter.comeBack()
            _ = try await Self.finished(made, bench)
            #expect(try await Self.reads(bench) == 200)
            #expect(meter.transfers == 1)
        }
    }

    @Test func `Keys that were not sent because the meter was away are sent when it is back`() async throws {
        try await Self.run { bench, meter in
            _ = try await bench.send(.patch, "/meters/M1", #"{"timeouts":{"response":"PT0.2S"}}"#)
            let listener = try #require(meter.listener.withLock { $0 })
            listener.setAnswering(.silent)
            let made = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":{"globalUnicast":null}}"#)
            let path = try #require(made.headers["Location"])
            var state: String?
            while state != "waiting-for-meter", state != "outcome-unknown" {
                state = try await bench.get(path + "/executions").json["items"]?[0]?["state"]?.string
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(state == "waiting-for-meter", "nothing was sent, so nothing is unknown")
            listener.setAnswering(.prompt)
            #expect(try await Self.finished(made, bench)["result"]?["state"] == "adopted")
            #expect(meter.transfers == 1)
        }
    }

    @Test func `A secret that waits to be sent is not taken away`() async throws {
        try await APIBench.run { bench in
            // Nobody works on jobs here, so the new password is kept and never sent.
            let body = #"{"association":"reader","secret":{"text":"new-password"}}"#
            #expect(try await bench.send(.post, "/meters/M1/secret/change", body).status == 202)
            #expect(try await bench.send(.post, "/meters/M1/secrets/resolve").problem == "secrets-pending")
            let meter = try #require(MeterID("M1"))
            #expect(try await bench.store.pendingSecrets(meter) != nil)
        }
    }

    @Test func `Secrets that no job looks after are settled before the next change`() async throws {
        try await Self.run { bench, meter in
            let place = JSONPointer("/associations/manager/security/blockCipherKey")
            let orphan = Secret([UInt8](repeating: 9, count: 16))
            try await bench.store.beginSecretChange(try #require(MeterID("M1")), [place: orphan])
            let made = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":{"globalUnicast":null}}"#)
            #expect(try await Self.finished(made, bench)["result"]?["state"] == "adopted")
            #expect(try await Self.reads(bench) == 200)
        }
    }

    @Test func `A password is changed in the association that it belongs to`() async throws {
        try await Self.run { bench, meter in
            let made = try await bench.send(
                .post,
                "/meters/M1/secret/change",
                #"{"association":"reader","secret":{"text":"new-password"},"through":"manager","object":"0.0.40.0.2.255"}"#
            )
            let execution = try await Self.finished(made, bench)
            #expect(execution["result"]?["state"] == "adopted", "\(execution)")
            #expect(try await Self.reads(bench, association: "reader") == 200)
        }
    }

    @Test func `A secret of high level authentication is changed`() async throws {
        try await Self.run { bench, meter in
            let made = try await bench.send(
                .post,
                "/meters/M1/secret/change",
                #"{"association":"secret","secret":{"text":"ANOTHER-SECRET-X"}}"#
            )
            let execution = try await Self.finished(made, bench)
            #expect(execution["result"]?["state"] == "adopted", "\(execution)")
            #expect(try await Self.reads(bench, association: "secret") == 200)
        }
    }

    @Test func `A secret that the meter does not take is not kept`() async throws {
        try await Self.run { bench, _ in
            let made = try await bench.send(
                .post,
                "/meters/M1/secret/change",
                #"{"association":"secret","secret":{"text":"too short"}}"#
            )
            #expect(try await Self.finished(made, bench)["state"] == "failed")
            #expect(try await Self.reads(bench, association: "secret") == 200)
        }
    }

    @Test func `A change that cannot be is refused before anything is kept`() async throws {
        try await APIBench.run { bench in
            let body = #"{"keys":{"globalUnicast":null}}"#
            #expect(try await bench.send(.post, "/meters/M1/keys/change", body).problem == "value-out-of-range")
            let misspelt = try await bench.send(.post, "/meters/M1/keys/change", #"{"keys":{"globalUnicat":null}}"#)
            #expect(misspelt.status == 422)
            #expect(misspelt.text.contains("globalUnicast"))
            let none = try await bench.send(
                .post,
                "/meters/M1/secret/change",
                #"{"association":"nobody","secret":{"text":"x"}}"#
            )
            #expect(none.problem == "association-unknown")
        }
    }
}

/// A simulated meter with keys that loses requests or answers of key transfers.
final class KeyMeter: ObjectServer {
    /// What happens to the next key transfer.
    enum Mishap: String, Sendable {
        case none
        case answerLost
        case requestLost
    }

    let listener = Mutex<MeterListener?>(nil)
    let mishap = Mutex(Mishap.none)
    let staysAway = Mutex(false)
    private let count = Mutex(0)
    private let meter = Mutex<SimulatedMeter?>(nil)
    private let suite: SecuritySuite

    init(suite: SecuritySuite) { self.suite = suite }

    func begin(_ clock: HandClock) -> any ObjectServer {
        var options = SimulatedFleet.Options()
        options.security = SimulatedSecurity(suite: suite)
        options.now = { clock.now().seconds }
        meter.withLock { $0 = SimulatedMeter(number: 0, options: options) }
        return self
    }

    /// How often a key transfer arrived.
    var transfers: Int { count.withLock { $0 } }

    var counters: ServerInvocationCounters? { meter.withLock { $0?.invocationCounters } }

    func comeBack() {
        staysAway.withLock { $0 = false }
        listener.withLock { $0?.setAnswering(.prompt) }
    }

    func association(for client: ClientAddress) -> AssociationTerms? {
        meter.withLock { $0?.association(for: client) }
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        meter.withLock { $0?.get(request, for: client) } ?? .failure(.hardwareFault)
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        meter.withLock { $0?.set(request, to: value, for: client) } ?? .hardwareFault
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        let isTransfer = method.classID == 64 && [2, 3].contains(method.methodID)
        guard isTransfer else {
            return meter.withLock { $0?.invoke(method, parameter: parameter, for: client) }
                ?? ActionOutcome(result: .hardwareFault)
        }
        count.withLock { $0 += 1 }
        let mishap = mishap.withLock { present in
            defer { present = .none }
            return present
        }
        if mishap != .none { breakLink() }
        guard mishap != .requestLost else { return ActionOutcome(result: .success) }
        return meter.withLock { $0?.invoke(method, parameter: parameter, for: client) }
            ?? ActionOutcome(result: .hardwareFault)
    }

    private func breakLink() {
        guard let listener = listener.withLock({ $0 }) else { return }
        listener.setAnswering(.held)
        Task {
            await listener.dropConnections()
            if !self.staysAway.withLock({ $0 }) { listener.setAnswering(.prompt) }
        }
    }
}
