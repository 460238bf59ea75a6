// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Testing

private struct Everything: HTTPResponder {
    func respond(to request: HTTPRequest) async -> HTTPResponse { .text("done") }
}

/// Knows everybody by a certificate, which browsers show by themselves.
private struct Certified: Authenticator {
    func identityAtHand(of request: HTTPRequest) -> CallerIdentity? { .known(Principal(name: "x", scopes: [.admin])) }
    func identity(of request: HTTPRequest) async -> CallerIdentity { .known(Principal(name: "x", scopes: [.admin])) }
}

@Suite("Web pages of others")
struct PagePolicyTests {
    private func status(
        _ method: HTTPMethod,
        _ fields: [String: String],
        origins: Set<String> = [],
        authenticator: (any Authenticator)? = nil
    ) async -> Int {
        let edge = HTTPEdge(
            Everything(),
            authenticator: authenticator,
            origins: origins.isEmpty ? nil : CrossOriginPolicy(origins: origins)
        )
        let headers = HTTPHeaders(fields.map { .init(name: $0.key, value: $0.value) })
        let request = HTTPRequest(method: method, rawTarget: "/", headers: headers)
        if case .refused(let refusal)? = edge.verdictAtHand(on: request) { return refusal.status }
        return await edge.respond(to: request).status
    }

    @Test(
        "Where nobody is asked who it is, only names that no page elsewhere has are answered",
        arguments: [
            ("127.0.0.1:8080", 200), ("[::1]:8080", 200), ("localhost", 200), ("LOCALHOST:80", 200),
            ("gateway:8080", 200),
            ("a.localhost", 200), ("evil.example:8080", 403), ("evil.example.", 403), ("127.0.0.1.evil.example", 403),
            ("1.2.3.4.5", 403), ("dashboard.example", 200),
        ]
    )
    func hosts(host: String, status: Int) async {
        let origins: Set = ["https://dashboard.example"]
        #expect(await self.status(.get, ["Host": host], origins: origins) == status)
        #expect(await self.status(.get, ["Host": host], origins: origins, authenticator: Certified()) == 200)
    }

    @Test(
        "Pages of other origins change nothing, although no question precedes a plain request",
        arguments: [
            (["Origin": "http://localhost:8080"], 200), (["Origin": "https://evil.example"], 403),
            (["Origin": "null"], 403), (["Origin": "http://localhost:9090"], 403),
            (["Sec-Fetch-Site": "cross-site"], 403),
            (["Sec-Fetch-Site": "same-site"], 403), (["Sec-Fetch-Site": "same-origin"], 200),
            (["Sec-Fetch-Site": "none"], 200),
            (["Origin": "https://dashboard.example", "Sec-Fetch-Site": "cross-site"], 200),
        ] as [([String: String], Int)]
    )
    func origins(fields: [String: String], status: Int) async {
        let fields = fields.merging(["Host": "localhost:8080"]) { first, _ in first }
        let origins: Set = ["https://dashboard.example"]
        for authenticator in [nil, Certified()] as [(any Authenticator)?] {
            #expect(await self.status(.post, fields, origins: origins, authenticator: authenticator) == status)
            #expect(await self.status(.get, fields, origins: origins, authenticator: authenticator) == 200)
        }
        // Who shows a key was asked for it by no page.
        let keyed = fields.merging(["Authorization": "Bearer x"]) { first, _ in first }
        #expect(await self.status(.post, keyed, origins: origins, authenticator: Certified()) == 200)
    }
}
