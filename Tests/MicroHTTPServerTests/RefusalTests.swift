// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import MicroHTTPServer
import Testing

@Suite(.serialized) struct RefusalTests {
    private func expectProblem(_ answer: RawClient.Answer, status: Int, name: String) throws {
        #expect(answer.status == status)
        #expect(answer.header("Content-Type") == "application/problem+json")
        #expect(answer.header("X-Request-Id") != nil)
        let body = try JSONReader.parse(Array(answer.body.utf8))
        #expect(body["type"]?.string?.hasSuffix("/" + name) == true)
        #expect(body["status"] == .integer(status))
        #expect(body["traceId"]?.string == answer.header("X-Request-Id"))
    }

    @Test(arguments: [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 5\r\n",
        "Host: other\r\n",
        "X(y): z\r\n",
        "X: a\u{1}b\r\n",
    ])
    func refusesHeadsThatCouldBeReadInTwoWays(fields: String) async throws {
        try await ServerFixture { _ in .text("reached") }.run { _, port in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\n\(fields)\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
            try expectProblem(try client.answer(), status: 400, name: "malformed-request")
            #expect(try client.rest() == "")
        }
    }

    @Test func refusesOtherMalformedHeads() async throws {
        try await ServerFixture { _ in .text("reached") }.run { _, port in
            for head in [
                "GET / HTTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n",
                "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            ] {
                let client = try RawClient(port: port)
                client.send(head)
                try expectProblem(try client.answer(), status: 400, name: "malformed-request")
            }
        }
    }

    @Test func refusesBodiesThatAreTooLong() async throws {
        try await ServerFixture(limits: HTTPServerLimits(bodyOctets: 10)) { _ in .text("reached") }.run { _, port in
            let announced = try RawClient(port: port)
            announced.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n")
            try expectProblem(try announced.answer(), status: 413, name: "body-too-large")

            let chunked = try RawClient(port: port)
            chunked.send(
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n"
            )
            try expectProblem(try chunked.answer(), status: 413, name: "body-too-large")

            let fitting = try RawClient(port: port)
            fitting.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789")
            #expect(try fitting.answer().body == "reached")
        }
    }

    @Test func cutsABodyThatNeverEnds() async throws {
        try await ServerFixture(limits: HTTPServerLimits(bodyOctets: 1000)) { _ in .text("reached") }.run { _, port in
            let client = try RawClient(port: port)
            client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "400\r\n" + String(repeating: "x", count: 1024) + "\r\n"
            for _ in 0..<20 { client.send(chunk) }
            #expect(try client.rest() == "")
        }
    }

    @Test func refusesHeadsThatAreTooLarge() async throws {
        let limits = HTTPServerLimits(headerOctets: 4000, targetOctets: 2000)
        try await ServerFixture(limits: limits) { _ in .text("reached") }.run { _, port in
            let longTarget = try RawClient(port: port)
            longTarget.get("/" + String(repeating: "a", count: 2000))
            try expectProblem(try longTarget.answer(), status: 414, name: "target-too-long")

            let longField = try RawClient(port: port)
            longField.get("/", fields: "X: " + String(repeating: "a", count: 4000) + "\r\n")
            try expectProblem(try longField.answer(), status: 431, name: "header-too-large")

            let filler = String(repeating: "a", count: 70)
            let manyFields = try RawClient(port: port)
            manyFields.get("/", fields: (0..<60).map { "X-\($0): \(filler)\r\n" }.joined())
            try expectProblem(try manyFields.answer(), status: 431, name: "header-too-large")

            // More than the library has memory for: its own answer, but the right status.
            let hugeField = try RawClient(port: port)
            hugeField.get("/", fields: "X: " + String(repeating: "a", count: 20000) + "\r\n")
            #expect(try hugeField.answer().status == 431)
        }
    }

    @Test func cutsRequestsThatArriveTooSlowly() async throws {
        let limits = HTTPServerLimits(requestTime: .milliseconds(300))
        try await ServerFixture(limits: limits) { _ in .text("reached") }.run { _, port in
            let quiet = try RawClient(port: port)
            quiet.get("/")
            #expect(try quiet.answer().status == 200)

            let partialLine = try RawClient(port: port)
            partialLine.send("GET / HT")
            let partialHead = try RawClient(port: port)
            partialHead.send("GET / HTTP/1.1\r\nHost: h\r\nX: ")
            let partialBody = try RawClient(port: port)
            partialBody.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc")
            for client in [partialLine, partialHead, partialBody] {
                try expectProblem(try client.answer(), status: 408, name: "request-timeout")
                #expect(try client.rest() == "")
            }
            // The connection that was merely idle all the while still serves.
            quiet.get("/")
            #expect(try quiet.answer().status == 200)
        }
    }

    /// A request that comes late in a long round of the loop is over when it is answered: what the kernel tells of its
    /// octets is not taken for the beginning of another one, which would be cut for arriving too slowly.
    @Test func leavesIdleConnectionsAloneAfterLongRounds() async throws {
        let limits = HTTPServerLimits(requestTime: .milliseconds(300))
        let (hold, entered) = (Barrier(), Gate())
        let fixture = ServerFixture(limits: limits) { request in
            guard request.rawTarget == "/long" else { return .text("reached") }
            // After this the loop has the request as a job of its own, and looks for more octets in the same round.
            await Task.yield()
            entered.arrive()
            hold.wait()
            return .text("long")
        }
        try await fixture.run { _, port in
            let long = try RawClient(port: port)
            long.get("/long")
            let late = try RawClient(port: port)
            await entered.arrivals(1)
            // Another server's limit tells that the round has become long.
            let brief = HTTPServerLimits(requestTime: .milliseconds(100))
            try await ServerFixture(limits: brief) { _ in .text("reached") }.run { _, port in
                let slow = try RawClient(port: port)
                slow.send("GET / HT")
                #expect(try slow.answer().status == 408)
            }
            late.get("/")
            hold.open()
            #expect(try long.answer().status == 200)
            #expect(try late.answer().status == 200)
            // Twice the time that a request may take passes.
            for _ in 0..<2 {
                let slow = try RawClient(port: port)
                slow.send("GET / HT")
                #expect(try slow.answer().status == 408)
            }
            late.get("/")
            #expect(try late.answer().status == 200)
        }
    }

    @Test func closesConnectionsBeyondTheLimitOfAnAddress() async throws {
        try await ServerFixture(limits: HTTPServerLimits(connectionsPerAddress: 2)) { _ in .text("reached") }.run {
            _,
            port in
            let first = try RawClient(port: port)
            let second = try RawClient(port: port)
            for client in [first, second] {
                client.get("/")
                #expect(try client.answer().status == 200)
            }
            let third = try RawClient(port: port)
            #expect(try third.rest() == "")
        }
    }

    @Test func servesWaitingConnectionsWhenOneCloses() async throws {
        try await ServerFixture(limits: HTTPServerLimits(connections: 2)) { _ in .text("reached") }.run { _, port in
            let first = try RawClient(port: port)
            let second = try RawClient(port: port)
            for client in [first, second] {
                client.get("/")
                #expect(try client.answer().status == 200)
            }
            let third = try RawClient(port: port)
            third.get("/")
            first.close()
            #expect(try third.answer().status == 200)
        }
    }
}
