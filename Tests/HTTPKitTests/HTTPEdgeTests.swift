// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import JSONText
import Synchronization
import Testing

private struct Fixed: HTTPResponder {
    let response: HTTPResponse

    func respond(to request: HTTPRequest) async -> HTTPResponse { response }
}

private func request(_ headers: [HTTPHeaders.Field] = []) -> HTTPRequest {
    HTTPRequest(method: .get, rawTarget: "/meters/M%2F1?x=1", headers: HTTPHeaders(headers))
}

@Suite struct HTTPEdgeTests {
    @Test func writesProblemsOut() async throws {
        let problem = Problem(
            "meter-busy",
            status: 503,
            title: "Meter busy",
            detail: "Another exchange is under way.",
            hint: "Try later.",
            retryable: true,
            headers: HTTPHeaders([.init(name: "Retry-After", value: "3")])
        ).with("meter", "M/1").with("status", 200)
        let edge = HTTPEdge(Fixed(response: HTTPResponse(problem)), problemTypeBase: "https://docs.example/problems/")
        let request = request()
        let response = await edge.respond(to: request)
        #expect(response.status == 503)
        #expect(response.headers["Content-Type"] == "application/problem+json")
        #expect(response.headers["Retry-After"] == "3")
        #expect(response.headers["Cache-Control"] == "no-store")
        let body = try JSONReader.parse(try await response.collectedBody())
        #expect(
            body.object?.names == [
                "type", "title", "status", "detail", "instance", "traceId", "retryable", "hint", "meter",
            ]
        )
        #expect(body["type"] == "https://docs.example/problems/meter-busy")
        #expect(body["status"] == 503)
        #expect(body["instance"] == "/meters/M%2F1")
        #expect(body["traceId"] == .string(request.id))
        #expect(body["retryable"] == true)
    }

    @Test func namesEveryAnswer() async {
        let edge = HTTPEdge(Fixed(response: .text("x")))
        let given = request([.init(name: "x-request-id", value: "abc-123")])
        #expect(await edge.respond(to: given).headers["X-Request-Id"] == "abc-123")
        #expect(edge.refuse(given, because: .internalFault).headers["X-Request-Id"] == "abc-123")
        var made: Set<String> = []
        for value in ["", "a b", "a\"b", String(repeating: "x", count: 129), "é"] {
            let id = await edge.respond(to: request([.init(name: "X-Request-Id", value: value)])).headers[
                "X-Request-Id"
            ]
            #expect(id != value)
            made.insert(id ?? "")
        }
        #expect(made.count == 5)
    }

    @Test func reportsEveryRequest() async {
        let records = Mutex<[AccessRecord]>([])
        var response = HTTPResponse.text("hello")
        response.route = "/meters/{id}"
        let edge = HTTPEdge(Fixed(response: response)) { record in records.withLock { $0.append(record) } }
        _ = await edge.respond(to: request())
        _ = edge.refuse(request(), because: .bodyTooLarge(limit: 1))
        let seen = records.withLock { $0 }
        #expect(seen.map(\.route) == ["/meters/{id}", nil])
        #expect(seen.map(\.status) == [200, 413])
        #expect(seen.map(\.problem) == [nil, "body-too-large"])
        #expect(seen.first?.bodyOctets == 5)
    }

    @Test func theAddressBehindAServerThatIsTrustedIsTheCallersEverywhere() async throws {
        let addresses = Mutex<[String]>([])
        let edge = HTTPEdge(Addressed(), senders: Believing()) { record in
            addresses.withLock { $0.append(record.request.remoteAddress) }
        }
        let forwarded = HTTPRequest(
            method: .get,
            rawTarget: "/",
            headers: HTTPHeaders([.init(name: "Forwarded", value: "198.51.100.9")]),
            remoteAddress: "10.0.0.1"
        )
        #expect(try await edge.respond(to: forwarded).collectedBody() == Array("198.51.100.9".utf8))
        let direct = HTTPRequest(method: .get, rawTarget: "/", remoteAddress: "10.0.0.1")
        #expect(try await edge.respond(to: direct).collectedBody() == Array("10.0.0.1".utf8))
        #expect(addresses.withLock { $0 } == ["198.51.100.9", "10.0.0.1"])
    }

    @Test func whatAProxyHandsOnIsJudgedAsIfItHadComeItself() async throws {
        let fields = [("Forwarded", "198.51.100.9"), ("Host", "127.0.0.1"), ("Origin", "https://elsewhere.example")]
        let request = HTTPRequest(
            method: .post,
            rawTarget: "/",
            headers: HTTPHeaders(fields.map { .init(name: $0.0, value: $0.1) }),
            remoteAddress: "10.0.0.1"
        )
        let gateways = HTTPEdge(Addressed(), senders: Believing())
        #expect(try await gateways.respond(to: request).collectedBody() == Array("198.51.100.9".utf8))
        let proxies = HTTPEdge(Addressed(), proxies: Believing())
        #expect(await proxies.respond(to: request).status == 403)
    }
}

private struct Believing: RequestOrigin {
    func originalAddress(of request: HTTPRequest) -> String? { request.headers["Forwarded"] }
}

private struct Addressed: HTTPResponder {
    func respond(to request: HTTPRequest) async -> HTTPResponse { .text(request.remoteAddress) }
}
