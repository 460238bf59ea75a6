// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Logging
import MicroHTTPServer
import Testing

/// Judges heads by a field of theirs, at once or after a wait.
private struct Judge: HTTPResponder {
    let gate = Gate()
    let isSlow: Bool

    func verdictAtHand(on head: HTTPRequest) -> HeadVerdict? { isSlow ? nil : judged(head) }

    func verdict(on head: HTTPRequest) async -> HeadVerdict {
        await gate.wait()
        return judged(head)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse { .text("took \(request.body.count)") }

    private func judged(_ head: HTTPRequest) -> HeadVerdict {
        head.headers["Authorization"] == nil
            ? .refused(HTTPResponse(.authenticationRequired)) : .taken(mostBodyOctets: 2000)
    }
}

@Suite("Verdicts on heads", .serialized)
struct HeadVerdictTests {
    private func run(
        _ responder: any HTTPResponder,
        limits: HTTPServerLimits = HTTPServerLimits(bodyOctets: 1000),
        _ body: (UInt16) async throws -> Void
    ) async throws {
        let server = MicroHTTPServer(
            configuration: MicroHTTPServerConfiguration(port: 0, loops: 1, limits: limits),
            responder: HTTPEdge(responder),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let port = try server.start()
        do {
            try await body(port)
        } catch {
            await server.stop(grace: .zero)
            throw error
        }
        await server.stop(grace: .zero)
    }

    private static func head(_ length: Int, _ fields: String = "") -> String {
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(fields)\r\n"
    }

    @Test("Who may not is refused before the body comes, and the connection closed")
    func refusedAtOnce() async throws {
        try await run(Judge(isSlow: false)) { port in
            for fields in ["", "Expect: 100-continue\r\n"] {
                let client = try RawClient(port: port)
                client.send(Self.head(1500, fields))
                #expect(try client.answer().status == 401)
                #expect(try client.rest() == "")
            }
            let known = try RawClient(port: port)
            known.send(Self.head(1500, "Authorization: x\r\n") + String(repeating: "a", count: 1500))
            #expect(try known.answer().body == "took 1500")
            known.send(Self.head(2001, "Authorization: x\r\n"))
            #expect(try known.answer().status == 413)
        }
    }

    @Test("A verdict that takes a wait is waited for with the body outside")
    func refusedLater() async throws {
        let judge = Judge(isSlow: true)
        try await run(judge) { port in
            let (known, unknown) = (try RawClient(port: port), try RawClient(port: port))
            known.send(Self.head(1500, "Authorization: x\r\n"))
            unknown.send(Self.head(1500))
            await judge.gate.arrivals(2)
            known.send(String(repeating: "a", count: 1500))
            judge.gate.open()
            #expect(try known.answer().body == "took 1500")
            #expect(try unknown.answer().status == 401)
            known.send(Self.head(3, "Authorization: x\r\n") + "abc")
            #expect(try known.answer().body == "took 3")
        }
    }

    @Test("Who leaves while its head is judged keeps nobody waiting")
    func left() async throws {
        let judge = Judge(isSlow: true)
        try await run(judge) { port in
            let client = try RawClient(port: port)
            client.send(Self.head(1500))
            await judge.gate.arrivals(1)
            client.close()
            let other = try RawClient(port: port)
            other.get("/")
            #expect(try other.answer().body == "took 0")
        }
        judge.gate.open()
    }

    @Test("The bodies of all requests together have a limit, and give back what they took")
    func together() async throws {
        let gate = Gate()
        let limits = HTTPServerLimits(bodyOctets: 1000, allBodiesOctets: 1500)
        try await ServerFixture(limits: limits) { request in
            if request.rawTarget == "/held" { await gate.wait() }
            return .text("took \(request.body.count)")
        }
        .run { _, port in
            let (held, other) = (try RawClient(port: port), try RawClient(port: port))
            let body = String(repeating: "a", count: 800)
            held.send("POST /held HTTP/1.1\r\nHost: h\r\nContent-Length: 800\r\n\r\n" + body)
            await gate.arrivals(1)
            other.send(Self.head(800) + body)
            let refused = try other.answer()
            #expect(refused.status == 503)
            #expect(refused.body.contains("bodies-full"))
            gate.open()
            #expect(try held.answer().body == "took 800")
            let again = try RawClient(port: port)
            again.send(Self.head(800) + body)
            #expect(try again.answer().body == "took 800")
        }
    }
}
