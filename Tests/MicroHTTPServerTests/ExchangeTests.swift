// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import MicroHTTPServer
import Testing

/// Tells what arrived.
private func echo(_ request: HTTPRequest) -> HTTPResponse {
    .text("\(request.method) \(request.rawTarget) \(String(decoding: request.body, as: UTF8.self))")
        .with("X-Peer", request.remoteAddress)
}

@Suite(.serialized) struct ExchangeTests {
    @Test func answersSeveralRequestsOnOneConnection() async throws {
        try await ServerFixture { echo($0) }.run { _, port in
            let client = try RawClient(port: port)
            for target in ["/a", "/b%2Fc?x=1%20", "/"] {
                client.get(target, fields: "X-Request-Id: mine-1\r\n")
                let answer = try client.answer()
                #expect(answer.status == 200)
                #expect(answer.body == "GET \(target) ")
                #expect(answer.header("X-Peer") == "127.0.0.1")
                #expect(answer.header("X-Request-Id") == "mine-1")
                #expect(answer.header("Connection") == nil)
            }
        }
    }

    @Test func takesBodiesOfEveryFraming() async throws {
        try await ServerFixture { echo($0) }.run { _, port in
            let client = try RawClient(port: port)
            client.send("POST /l HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.answer().body == "POST /l hello")
            client.send(
                "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: v\r\n\r\n"
            )
            #expect(try client.answer().body == "PUT /c abcde")
            client.send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.answer().status == 100)
            client.send("ok")
            #expect(try client.answer().body == "POST /e ok")
            client.send("PATCH /z HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
            #expect(try client.answer().body == "PATCH /z ")
        }
    }

    @Test func sendsNoBodyToHead() async throws {
        try await ServerFixture { _ in .text("twelve chars") }.run { _, port in
            let client = try RawClient(port: port)
            client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try client.answer(toHead: true).header("Content-Length") == "12")
            client.get("/")
            #expect(try client.answer().body == "twelve chars")
        }
    }

    @Test func sendsNoBodyWith204And304() async throws {
        try await ServerFixture { HTTPResponse.text("x", status: $0.rawTarget == "/a" ? 204 : 304) }.run { _, port in
            let client = try RawClient(port: port)
            for target in ["/a", "/b", "/a"] {
                client.get(target)
                #expect(try client.answer().status == (target == "/a" ? 204 : 304))
            }
        }
    }

    @Test func answersPipelinedRequestsInOrder() async throws {
        let gate = Gate()
        try await ServerFixture { request in
            if request.rawTarget == "/slow" { await gate.wait() }
            return echo(request)
        }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/slow")
            client.get("/1")
            client.get("/2")
            await gate.arrivals(1)
            gate.open()
            #expect(try client.answer().body == "GET /slow ")
            #expect(try client.answer().body == "GET /1 ")
            #expect(try client.answer().body == "GET /2 ")
        }
    }

    @Test(arguments: [1, 2]) func resumesAThousandSuspendedRequests(loops: Int) async throws {
        let gate = Gate()
        let limits = HTTPServerLimits(connections: 4000, connectionsPerAddress: 4000)
        try await ServerFixture(
            limits: limits,
            loops: loops
        ) { request in
            await gate.wait()
            return echo(request)
        }.run { _, port in
            let clients = try (0..<1000).map { _ in try RawClient(port: port) }
            for (number, client) in clients.enumerated() { client.get("/\(number)") }
            await gate.arrivals(1000)
            gate.open()
            for (number, client) in clients.enumerated() {
                #expect(try client.answer().body == "GET /\(number) ")
            }
        }
    }

    @Test func runsEveryStepOfAResponderOnItsLoop() async throws {
        // The executor is the proof: what runs there after a hop to an actor and back is not on the global pool.
        let counter = Tally()
        try await ServerFixture { _ in
            await counter.add()
            await Task.yield()
            return .text("\(await counter.add())")
        }.run { _, port in
            let client = try RawClient(port: port)
            for round in 1...3 {
                client.get("/")
                #expect(try client.answer().body == "\(2 * round)")
            }
        }
    }

    @Test func replacesAnswersWhoseHeaderWouldBreakOut() async throws {
        try await ServerFixture { _ in HTTPResponse.text("x").with("X-Evil", "a\r\nSet-Cookie: b") }.run { _, port in
            let client = try RawClient(port: port)
            client.get("/")
            let answer = try client.answer()
            #expect(answer.status == 500)
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(answer.header("Set-Cookie") == nil)
        }
    }

    @Test func answersHTTP10AndCloses() async throws {
        try await ServerFixture { echo($0) }.run { _, port in
            let client = try RawClient(port: port)
            client.send("GET /old HTTP/1.0\r\n\r\n")
            #expect(try client.rest().hasSuffix("GET /old "))
        }
    }
}

private actor Tally {
    private var count = 0

    @discardableResult
    func add() -> Int {
        count += 1
        return count
    }
}
