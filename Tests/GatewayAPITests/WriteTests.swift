// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Fleet
import JSONText
import Testing

@testable import GatewayCore

@Suite("Writing and invoking")
struct WriteTests {
    private let path = "/meters/M1/objects/0.0.96.50.0.255/attributes/2"

    @Test("A write is read back")
    func write() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.send(.put, path, #"{"value":{"text":"hello"}}"#)
            #expect(answer.status == 200)
            #expect(answer.json["written"] == true)
            #expect(answer.json["verified"] == true)
            #expect(answer.json["association"] == "manager")
            #expect(answer.json["after"]?["text"] == "hello")
            #expect(try await bench.get(path).json["value"]?["hex"] == "68656C6C6F")
        }
    }

    @Test("The typed form can change the type; four thousand octets go in blocks")
    func typed() async throws {
        try await APIBench.run { bench in
            let structure =
                #"{"value":{"type":"structure","items":[{"type":"unsigned","value":1},{"type":"long64-unsigned","value":"18446744073709551615"}]}}"#
            #expect(try await bench.send(.put, path, structure).json["verified"] == true)
            let typed = try await bench.get(path + "?form=typed&maxAge=0")
            #expect(typed.json["value"]?["items"]?[1]?["value"] == "18446744073709551615")
            let large = #"{"value":{"type":"octet-string","hex":"\#(String(repeating: "A5", count: 4000))"}}"#
            #expect(try await bench.send(.put, path, large).json["verified"] == true)
        }
    }

    @Test("Who writes between the look before a write and the write itself waits until that is read back")
    func together() async throws {
        try await APIBench.run { bench in
            let memory = try await bench.gateway.directory.memory(of: "M1")
            let errand = MeterErrand(
                memory: memory,
                association: "manager",
                budget: WaitBudget(.seconds(60)),
                priority: 5
            )
            let path = path
            let body = #"{"value":{"hex":"02"},"expect":{"hex":"00"}}"#
            let (isOver, over) = AsyncStream.makeStream(of: Int.self)
            var command = WriteCommand(
                query: AttributeQuery(object: try #require(OBISCode("0.0.96.50.0.255")), attribute: .index(2)),
                value: ["hex": "01"]
            )
            command.expectation = ["hex": "00"]
            let outcome = try await bench.gateway.writer.write(command, for: errand) {
                Task {
                    let answer = try? await bench.send(.put, path, body)
                    over.yield(answer?.status ?? 0)
                    over.finish()
                }
                // Whoever does not wait has written by now.
                while bench.gateway.writer.turns.waiting == 0, bench.meter.state.withLock({ $0.writes }) == 0 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
            }
            #expect(outcome.isVerified)
            for await status in isOver { #expect(status == 409) }
            #expect(bench.meter.state.withLock { $0.writes } == 1)
        }
    }

    @Test("Who cannot write before its time is over leaves the turn to others")
    func turnsEnd() async throws {
        try await APIBench.run { bench in
            let memory = try await bench.gateway.directory.memory(of: "M1")
            let object = try #require(OBISCode("0.0.96.50.0.255"))
            func errand(_ time: Duration) -> MeterErrand {
                MeterErrand(memory: memory, association: "manager", budget: WaitBudget(time), priority: 5)
            }
            let turns = WriteTurns()
            try await turns.take(object, for: errand(.seconds(60)))
            await #expect(throws: GatewayError.lineBusy(memory.id, channel: memory.route.channel.text)) {
                try await turns.take(object, for: errand(.milliseconds(1)))
            }
            let cancelled = Task { try await turns.take(object, for: errand(.seconds(60))) }
            while turns.waiting == 0 {
                try Task.checkCancellation()
                await Task.yield()
            }
            cancelled.cancel()
            await #expect(throws: GatewayError.self) { try await cancelled.value }
            async let next: Void = turns.take(object, for: errand(.seconds(60)))
            while turns.waiting == 0 {
                try Task.checkCancellation()
                await Task.yield()
            }
            turns.give(object, for: errand(.seconds(60)))
            try await next
            turns.give(object, for: errand(.seconds(60)))
            #expect(turns.waiting == 0)
        }
    }

    @Test("A dry run and a wrong expectation write nothing")
    func nothingWritten() async throws {
        try await APIBench.run { bench in
            let dry = try await bench.send(.put, path, #"{"value":{"hex":"01"},"dryRun":true}"#)
            #expect(dry.json["written"] == false)
            let wrong = try await bench.send(.put, path, #"{"value":{"hex":"01"},"expect":{"hex":"07"}}"#)
            #expect(wrong.status == 409)
            #expect(wrong.problem == "expectation-failed-state")
            #expect(try await bench.get(path + "?maxAge=0").json["value"]?["hex"] == "00")
        }
    }

    @Test("Refusals of the meter and of the gateway differ")
    func refusals() async throws {
        try await APIBench.run { bench in
            let denied = try await bench.send(
                .put,
                "/meters/M1/objects/0.0.96.50.2.255/attributes/2",
                #"{"value":2}"#
            )
            #expect(denied.status == 403)
            #expect(denied.problem == "denied-by-meter")
            #expect(denied.json["dlms"] == ["service": "set", "result": "read-write-denied", "code": 3])
            let mismatch = try await bench.send(.put, path, #"{"value":17}"#)
            #expect(mismatch.status == 422)
            #expect(mismatch.problem == "type-mismatch")
            let misspelt = try await bench.send(.put, path, #"{"value":{"hex":"01"},"dryrun":true}"#)
            #expect(misspelt.status == 400)
            #expect(misspelt.problem == "unknown-field")
            bench.meter.state.withLock { $0.ignoresWrites = true }
            let ignored = try await bench.send(.put, path, #"{"value":{"hex":"01"}}"#)
            #expect(ignored.status == 502)
            #expect(ignored.problem == "verification-failed")
        }
    }

    @Test("A method is invoked once for each key")
    func idempotency() async throws {
        try await APIBench.run { bench in
            let target = "/meters/M1/objects/1.0.1.8.0.255/methods/reset"
            #expect(try await bench.send(.post, target, "{}").problem == "idempotency-key-missing")
            let first = try await bench.send(.post, target, "{}", headers: ["Idempotency-Key": "a1"])
            #expect(first.status == 200)
            let again = try await bench.send(.post, target, "{ }", headers: ["Idempotency-Key": "\"a1\""])
            #expect(again.status == 200)
            #expect(again.headers["Idempotency-Replayed"] == "true")
            #expect(bench.meter.invocations == 1)
            let reused = try await bench.send(
                .post,
                target,
                #"{"dryRun":true}"#,
                headers: ["Idempotency-Key": "a1"]
            )
            #expect(reused.status == 422)
            #expect(reused.problem == "idempotency-key-reused")
            let dry = try await bench.send(.post, target, #"{"dryRun":true}"#, headers: ["Idempotency-Key": "a2"])
            #expect(dry.json["result"] == "not-sent")
            #expect(bench.meter.invocations == 1)
        }
    }

    @Test("Methods are counted from 1 or by negative numbers, so 0 is none")
    func methodZero() async throws {
        try await APIBench.run { bench in
            let target = "/meters/M1/objects/1.0.1.8.0.255/methods/0"
            let answer = try await bench.send(.post, target, "{}", headers: ["Idempotency-Key": "zero"])
            #expect(answer.status == 400)
            #expect(answer.problem == "bad-parameter")
            #expect(bench.meter.invocations == 0)
        }
    }

    @Test("The disconnector is not reachable as a plain method, by whatever class")
    func noSideDoor() async throws {
        try await APIBench.run { bench in
            for query in ["", "?class=70", "?class=3"] {
                let answer = try await bench.send(
                    .post,
                    "/meters/M1/objects/0.0.96.3.10.255/methods/1\(query)",
                    "{}",
                    headers: ["Idempotency-Key": "k\(query.count)"]
                )
                #expect(answer.status == (query == "?class=3" ? 422 : 403))
            }
            #expect(bench.meter.invocations == 0)
        }
    }
}
