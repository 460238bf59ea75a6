// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Testing

@Suite("How much a caller may")
struct RateLimiterTests {
    private struct Known: Authenticator {
        func identityAtHand(of request: HTTPRequest) -> CallerIdentity? {
            guard let name = request.headers["Authorization"] else { return .anonymous }
            return .known(Principal(name: name, scopes: [.admin], requestsPerMinute: name == "own" ? 2 : nil))
        }

        func identity(of request: HTTPRequest) async -> CallerIdentity { identityAtHand(of: request) ?? .anonymous }
    }

    private func edge(_ usual: Int?, _ origins: Set<String> = []) -> HTTPEdge {
        HTTPEdge(
            RouteTable([
                Route(.get, "/x", name: "x", access: .authenticated) { _ in .text("x") },
                Route(.get, "/ready", name: "ready", access: .open) { _ in .text("ready") },
            ]),
            authenticator: Known(),
            limiter: RateLimiter(usual: usual),
            origins: origins.isEmpty ? nil : CrossOriginPolicy(origins: origins)
        )
    }

    private func request(_ target: String, _ name: String?, _ fields: [String: String] = [:]) -> HTTPRequest {
        var headers = HTTPHeaders(fields.map { .init(name: $0.key, value: $0.value) })
        if let name { headers.add("Authorization", name) }
        return HTTPRequest(
            method: fields["Access-Control-Request-Method"] == nil ? .get : .options,
            rawTarget: target,
            headers: headers
        )
    }

    @Test("Each principal has its own requests, and is told how many are left")
    func limits() async {
        let edge = edge(3)
        for (name, most) in [("a", 3), ("own", 2)] {
            for left in (0..<most).reversed() {
                let answer = await edge.respond(to: request("/x", name))
                #expect(answer.status == 200)
                #expect(answer.headers["RateLimit"]?.contains("r=\(left);") == true)
                #expect(answer.headers["RateLimit-Policy"]?.contains("q=\(most);w=60") == true)
            }
            let refused = await edge.respond(to: request("/x", name))
            #expect(refused.status == 429)
            #expect(refused.headers["Retry-After"].flatMap { Int($0) }.map { (1...60).contains($0) } == true)
        }
        for _ in 0..<10 {
            #expect(await edge.respond(to: request("/ready", nil)).status == 200)
        }
    }

    @Test("Thousands of new names give nobody their requests back who has used them")
    func crowd() async {
        let edge = edge(2)
        for _ in 0..<2 { _ = await edge.respond(to: request("/x", "a")) }
        for name in 0..<9_500 { _ = await edge.respond(to: request("/x", "n\(name)")) }
        #expect(await edge.respond(to: request("/x", "a")).status == 429)
        for name in 9_500..<10_200 { _ = await edge.respond(to: request("/x", "n\(name)")) }
        #expect(await edge.respond(to: request("/x", "a")).status == 429)
    }

    @Test("All addresses of one IPv6 network are one caller")
    func network() async {
        let edge = HTTPEdge(Everything(), limiter: RateLimiter(usual: 2))
        func status(_ address: String) async -> Int {
            await edge.respond(to: HTTPRequest(method: .get, rawTarget: "/", remoteAddress: address)).status
        }
        #expect(await [status("2001:db8:0:1::1"), status("2001:db8:0:1::2")] == [200, 200])
        #expect(await status("2001:db8:0:1:ffff::3") == 429)
        #expect(await status("2001:db8:0:2::1") == 200)
        #expect(await [status("192.0.2.1"), status("192.0.2.2"), status("::ffff:192.0.2.3")] == [200, 200, 200])
    }

    @Test("Where another gateway answered, its own standing and fields are not told twice")
    func once() async {
        let edge = HTTPEdge(
            Everything(),
            limiter: RateLimiter(usual: 2),
            origins: CrossOriginPolicy(origins: ["https://dashboard.example"])
        )
        let answer = await edge.respond(to: request("/x", nil))
        #expect(answer.headers.all("RateLimit") == [#""requests";r=1;t=0"#])
        #expect(answer.headers.all("RateLimit-Policy") == [#""requests";q=2;w=60"#])
        #expect(answer.headers.all("Vary") == ["Accept, Origin"])
    }

    /// Answers as another gateway did.
    private struct Everything: HTTPResponder {
        func respond(to request: HTTPRequest) async -> HTTPResponse {
            .text("x").with("RateLimit", #""requests";r=9;t=0"#).with("RateLimit-Policy", #""requests";q=10;w=60"#)
                .with("Vary", "Accept, Origin")
        }
    }

    @Test("Without a limit nothing is counted or told")
    func unlimited() async {
        let answer = await edge(nil).respond(to: request("/x", "a"))
        #expect(answer.headers["RateLimit"] == nil)
    }

    @Test("A page of a listed origin may use the API, no other one")
    func origins() async {
        let edge = edge(nil, ["https://dashboard.example"])
        let question = ["Access-Control-Request-Method": "GET"]
        let origin = ["Origin": "https://dashboard.example"]
        let preflight = await edge.respond(to: request("/x", nil, question.merging(origin) { $1 }))
        #expect(preflight.status == 204)
        #expect(preflight.headers["Access-Control-Allow-Origin"] == "https://dashboard.example")
        #expect(preflight.headers["Access-Control-Allow-Headers"]?.contains("Authorization") == true)
        let answer = await edge.respond(to: request("/x", "a", origin))
        #expect(answer.headers["Access-Control-Allow-Origin"] == "https://dashboard.example")
        #expect(answer.headers["Access-Control-Expose-Headers"]?.contains("Retry-After") == true)
        #expect(answer.headers["Vary"] == "Origin")
        for other in ["https://dashboard.example.evil", "http://dashboard.example", "null", "*"] {
            let field = ["Origin": other]
            #expect(await edge.respond(to: request("/x", "a", field)).headers["Access-Control-Allow-Origin"] == nil)
            let asked = await edge.respond(to: request("/x", nil, question.merging(field) { $1 }))
            #expect(asked.headers["Access-Control-Allow-Origin"] == nil)
        }
    }

    @Test("Origins are written as browsers send them")
    func words() {
        #expect(CrossOriginPolicy.isOrigin("https://dashboard.example:8443"))
        for text in ["*", "https://", "https://x/", "https://*.example", "dashboard.example", "https://X.example"] {
            #expect(!CrossOriginPolicy.isOrigin(text), "\(text)")
        }
    }
}
