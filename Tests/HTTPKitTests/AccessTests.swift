// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Synchronization
import Testing

/// Knows callers by the text of their credentials.
private struct Book: Authenticator {
    var principals: [String: Principal] = [:]

    func identityAtHand(of request: HTTPRequest) -> CallerIdentity? {
        guard let text = request.headers["Authorization"] else { return .anonymous }
        return principals[text].map { .known($0) } ?? .refused(.tokenInvalid("it is not known here"))
    }

    func identity(of request: HTTPRequest) async -> CallerIdentity {
        identityAtHand(of: request) ?? .anonymous
    }
}

private final class Standing: StandingAnswer {
    func repeated(at now: ContinuousClock.Instant) -> HTTPResponse? { .text("again") }
}

@Suite("Who may")
struct AccessTests {
    private let edge = HTTPEdge(
        RouteTable([
            Route(.get, "/open", name: "open", access: .open) { _ in .text("open") },
            Route(.get, "/any", name: "any", access: .authenticated) { .text($0.identity.principal?.name ?? "") },
            Route(.get, "/jobs", name: "jobs", scope: .jobsRead) { _ in
                var response = HTTPResponse.text("made")
                response.standing = Standing()
                return response
            },
            Route(.post, "/jobs", name: "make", access: .anyScope([.jobsWrite, .disconnectorOperate])) { request in
                try request.require(.disconnectorOperate)
                return .empty()
            },
            Route(.get, "/forgotten", name: "forgotten") { _ in .text("forgotten") },
        ]),
        authenticator: Book(principals: [
            "Bearer viewer": Principal(name: "key:viewer", scopes: [.jobsRead]),
            "Bearer worker": Principal(name: "key:worker", scopes: [.jobsWrite]),
            "Bearer switcher": Principal(name: "key:switcher", scopes: [.disconnectorOperate]),
            "Bearer admin": Principal(name: "key:admin", scopes: [.admin]),
            "Bearer north": Principal(name: "key:north", scopes: [.jobsRead], confinement: "region=north"),
        ])
    )

    private func request(_ target: String, _ key: String?, _ method: HTTPMethod = .get) -> HTTPRequest {
        let fields = key.map { [HTTPHeaders.Field(name: "Authorization", value: "Bearer \($0)")] } ?? []
        return HTTPRequest(method: method, rawTarget: target, headers: HTTPHeaders(fields))
    }

    @Test(
        "A route is reached by those who have what it needs",
        arguments: [
            ("/open", nil, 200), ("/open", "wrong", 200), ("/any", nil, 401), ("/any", "wrong", 401),
            ("/any", "viewer", 200), ("/jobs", "viewer", 200), ("/jobs", "worker", 403), ("/jobs", "admin", 200),
            ("/forgotten", "viewer", 403), ("/forgotten", "admin", 200),
        ] as [(String, String?, Int)]
    )
    func reach(target: String, key: String?, status: Int) async {
        #expect(await edge.respond(to: request(target, key)).status == status)
    }

    @Test("One of several scopes leads to the handler, which looks again")
    func several() async {
        #expect(await edge.respond(to: request("/jobs", "viewer", .post)).status == 403)
        #expect(await edge.respond(to: request("/jobs", "worker", .post)).status == 403)
        #expect(await edge.respond(to: request("/jobs", "switcher", .post)).status == 204)
    }

    @Test("Refusals say by what header fields one gets further")
    func challenges() async {
        let anonymous = await edge.respond(to: request("/jobs", nil))
        #expect(anonymous.headers["WWW-Authenticate"] == #"Bearer realm="cosem-gateway""#)
        let wrong = await edge.respond(to: request("/jobs", "wrong"))
        #expect(wrong.headers["WWW-Authenticate"]?.contains(#"error="invalid_token""#) == true)
        let narrow = await edge.respond(to: request("/jobs", "worker"))
        #expect(narrow.headers["WWW-Authenticate"]?.contains(#"scope="jobs:read""#) == true)
    }

    @Test("An answer that stands is told again to those who may have it, and to nobody else")
    func standing() async {
        #expect(edge.answerAtHand(for: request("/jobs", "viewer")) == nil)
        _ = await edge.respond(to: request("/jobs", "viewer"))
        #expect(edge.answerAtHand(for: request("/jobs", "viewer")) != nil)
        #expect(edge.answerAtHand(for: request("/jobs", "admin")) != nil)
        for key in ["worker", "wrong", "north", nil] {
            #expect(edge.answerAtHand(for: request("/jobs", key)) == nil, "\(key ?? "no key")")
        }
    }
}
