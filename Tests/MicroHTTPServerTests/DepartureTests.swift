// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import MicroHTTPServer
import Testing

@Suite(.serialized) struct DepartureTests {
    @Test func cancelsTheResponderWhenItsClientLeaves() async throws {
        let held = HeldAnswer()
        try await ServerFixture { _ in await held.respond() }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            await held.started.arrivals(1)
            client.close()
            await held.isCancelled()
        }
    }

    @Test func givesUpARequestWhoseClientLeftBeforeItsEnd() async throws {
        // One connection only: the second client is served when the first one's is given up.
        try await ServerFixture(limits: HTTPServerLimits(connections: 1)) { _ in .text("served") }
            .run { _, port in
                for part in ["GET / HT", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc"] {
                    let first = try RawClient(port: port)
                    first.send(part)
                    first.close()
                    let second = try RawClient(port: port)
                    second.get("/")
                    #expect(try second.answer().body == "served")
                    second.close()
                }
            }
    }

    @Test func stillAnswersAClientThatOnlyStoppedSending() async throws {
        let gate = Gate()
        try await ServerFixture { _ in
            await gate.wait()
            return .text("here it is")
        }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            await gate.arrivals(1)
            client.finishSending()
            // The interim answer by which the server finds out whether anyone is there.
            #expect(try client.answer().status == 100)
            gate.open()
            #expect(try client.answer().body == "here it is")
        }
    }
}

@Suite(.serialized) struct StreamTests {
    @Test func sendsPiecesAsTheyAreMade() async throws {
        let gate = Gate()
        try await ServerFixture { _ in
            .stream(type: "application/x-ndjson") { writer in
                try await writer.write(Array("1\n".utf8))
                await gate.wait()
                try await writer.write(Array("2\n".utf8))
                try await writer.write(Array("3\n".utf8))
            }
        }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            let head = try client.answerHead()
            #expect(head.contains("Transfer-Encoding: chunked"))
            #expect(head.contains("Content-Type: application/x-ndjson"))
            #expect(try client.chunk() == "1\n")
            gate.open()
            var rest = ""
            while let piece = try client.chunk() { rest += piece }
            #expect(rest == "2\n3\n")
            // The connection goes on after the stream.
            client.get("/")
            #expect(try client.answer().body == "1\n2\n3\n")
        }
    }

    @Test func streamsMoreThanFitsAnywhere() async throws {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        try await ServerFixture { _ in
            .stream(type: "text/plain") { writer in
                for _ in 0..<200 { try await writer.write(piece) }
            }
        }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            #expect(try client.answer().body.utf8.count == 20_000_000)
        }
    }

    @Test func holdsTheProducerBackAndEndsItWhenTheClientLeaves() async throws {
        let ended = Gate()
        let writes = Gate()
        let piece = [UInt8](repeating: 0, count: 1 << 20)
        try await ServerFixture { _ in
            .stream(type: "application/octet-stream") { writer in
                do {
                    // Far more than all buffers on the way hold: only a client that reads, or leaves, ends this.
                    for _ in 0..<100_000 {
                        try await writer.write(piece)
                        writes.arrive()
                    }
                } catch {
                    ended.open()
                }
            }
        }.run { _, port in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            client.get("/")
            _ = try client.answerHead()
            await writes.arrivals(1)
            client.close()
            await ended.opened()
        }
    }

    @Test func noticesAClientThatLeavesWhileNothingIsSent() async throws {
        let started = Gate()
        let cancelled = Gate()
        let never = Gate()
        try await ServerFixture { _ in
            .stream(type: "text/event-stream") { writer in
                try await writer.write(Array(": hello\n\n".utf8))
                started.arrive()
                await withTaskCancellationHandler {
                    await never.opened()
                } onCancel: {
                    cancelled.open()
                    never.open()
                }
            }
        }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            _ = try client.answerHead()
            await started.arrivals(1)
            client.close()
            await cancelled.opened()
        }
    }

    @Test func cutsTheConnectionWhenTheProducerFails() async throws {
        struct Fault: Error {}
        try await ServerFixture { _ in
            .stream(type: "text/plain") { writer in
                try await writer.write(Array("part".utf8))
                throw Fault()
            }
        }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            let all = try client.rest()
            #expect(all.contains("part"))
            // The end of a whole chunked body is missing, so that the client can tell.
            #expect(!all.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func runsNoProducerForHead() async throws {
        try await ServerFixture { _ in .stream(type: "text/plain") { _ in Issue.record("the producer ran") } }.run {
            _,
            port in
            let client = try RawClient(port: port)
            client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer(toHead: true).status == 200)
        }
    }
}
