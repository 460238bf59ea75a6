// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import MeterTransport
import Testing

@Suite("Trying the way to a meter")
struct CheckTests {
    private func outcomes(_ answer: APIBench.Answer) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: (answer.json["steps"]?.array ?? []).compactMap { step in
                step["name"]?.string.flatMap { name in step["outcome"]?.string.map { (name, $0) } }
            }
        )
    }

    @Test("All steps of a good way succeed, those that the framing does not need are skipped")
    func good() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(.post, "/meters/M1/check")
            #expect(answer.status == 200)
            #expect(answer.json["ok"] == true)
            #expect(answer.json["association"] == "reader")
            let found = outcomes(answer)
            for name in ["name-look-up", "connect", "association", "read"] { #expect(found[name] == "ok", "\(name)") }
            for name in ["sign-on", "link"] { #expect(found[name] == "skipped", "\(name)") }
            #expect(answer.json["steps"]?.array?.allSatisfy { $0["milliseconds"]?.number != nil } == true)
            let manager = try await bench.send(.post, "/meters/M1/check", #"{"association":"manager"}"#)
            #expect(manager.json["association"] == "manager")
            let unknown = try await bench.send(.post, "/meters/M1/check", #"{"association":"maneger"}"#)
            #expect(unknown.json["suggestion"] == "manager")
        }
    }

    @Test("A wrong password fails the association, with a hint, and the rest is skipped")
    func wrongPassword() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.put, "/meters/M1", bench.configuration(password: "87654321"))
            let answer = try await bench.send(.post, "/meters/M1/check")
            #expect(answer.status == 200)
            #expect(answer.json["ok"] == false)
            let found = outcomes(answer)
            #expect(found["connect"] == "ok")
            #expect(found["association"] == "failed")
            #expect(found["read"] == "skipped")
            let failed = answer.json["steps"]?.array?.first { $0["outcome"] == "failed" }
            #expect(failed?["problem"]?["type"]?.string?.hasSuffix("/authentication-failed-at-meter") == true)
            #expect(failed?["hint"]?.string?.contains("secret") == true)
            #expect(!answer.text.contains("87654321"))
        }
    }

    @Test("A port without a listener fails the connection, also while a breaker is open")
    func deadPort() async throws {
        try await APIBench.run { bench in
            // A port that was closed may be somebody else's a moment later.
            _ = try await bench.send(.put, "/meters/M1", bench.configuration(port: 1))
            for _ in 0..<6 {
                let answer = try await bench.send(.post, "/meters/M1/check")
                #expect(answer.status == 200)
                #expect(outcomes(answer)["connect"] == "failed")
                let failed = answer.json["steps"]?.array?.first { $0["outcome"] == "failed" }
                #expect(failed?["hint"]?.string?.contains("channel.port") == true)
            }
        }
    }

    @Test("A held channel holds a check back, too")
    func held() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.post, "/channels/meter:M1/hold")
            let answer = try await bench.send(.post, "/meters/M1/check", headers: ["Prefer": "wait=1"])
            #expect(answer.status == 423)
            #expect(try await bench.send(.post, "/meters/none/check").problem == "meter-unknown")
        }
    }
}
