// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import HTTPKit
import JSONText
import Testing
import Timekeeping

@testable import GatewayAPI

@Suite("API keys")
struct APIKeyTests {
    @Test func `Without a key, with a wrong one and with one of too little scope no operation is reached`() async throws
    {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let made = try await keys.key("known", [.readingsRead])
            let other = try #require(try? APIKeyText.drawn()).exposedText
            let damaged = String(made.dropLast()) + (made.hasSuffix("a") ? "b" : "a")
            // The right name with another secret.
            let forged = String(made.prefix(13)) + String(other.dropFirst(13))
            let head = try await bench.store.auditHead()
            for route in bench.api.routeTable.routes where route.access != .open {
                for key in [nil, other, damaged, forged, "x", "Bearer \(made)"] {
                    let answer = try await keys.send(route, key: key)
                    #expect(answer.status == 401, "\(route.name)")
                    #expect(answer.headers["WWW-Authenticate"]?.hasPrefix("Bearer ") == true)
                }
                let needed: [Scope] =
                    switch route.access {
                    case .scope(let scope): [scope]
                    case .anyScope(let scopes): scopes
                    case .open, .authenticated: []
                    }
                guard !needed.isEmpty else { continue }
                let rest = Scope.allCases.filter { !needed.contains($0) && $0 != .admin }
                let narrow = try await keys.key("without-\(route.name)", rest)
                let answer = try await keys.send(route, key: narrow)
                #expect(answer.status == 403, "\(route.name)")
                #expect(answer.problem == "insufficient-scope")
            }
            // Who was refused left no trace of a change.
            #expect(try await bench.store.auditHead() == head)
        }
    }

    @Test func `A key is shown once, names its owner in the audit log, and ends when it is revoked`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let admin = try #require(try await bench.gateway.makeFirstAPIKey()).exposedText
            #expect(try await bench.gateway.makeFirstAPIKey() == nil)
            let made = try await keys.send(.post, "/api-keys", admin, #"{"name":"ops","roles":["integrator"]}"#)
            #expect(made.status == 201)
            let key = try #require(made.json["key"]?.string)
            let place = try #require(made.headers["Location"])
            #expect(try await keys.get(place, admin).json["key"] == nil)
            #expect(!(try await keys.get("/api-keys", admin)).text.contains(key))
            let who = try await keys.get("/whoami", key)
            #expect(who.json["principal"] == "key:ops")
            #expect(who.json["scopes"]?.array?.contains("meters:write") == true)
            #expect(try await keys.send(.put, "/meters/M2", key, bench.configuration()).status == 201)
            let record = try await bench.get("/audit?meter=M2&limit=1").json["items"]?[0]
            #expect(record?["caller"] == "key:ops")
            #expect(record?["keyId"] == made.json["id"])
            #expect(record?["clientAddress"] == "192.0.2.7")
            #expect(try await keys.get(place, admin).json["lastUsedAt"]?.string != nil)
            let again = try await keys.send(.post, "/api-keys", admin, #"{"name":"ops","roles":["viewer"]}"#)
            #expect(again.status == 409)
            #expect(try await keys.send(.delete, place, admin).json["revokedAt"]?.string != nil)
            #expect(try await keys.get("/whoami", key).problem == "token-invalid")
        }
    }

    @Test func `A key ends at its time, and is good only from its addresses`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let end = bench.clock.now() + .seconds(60)
            let grant = APIKeyGrant(roles: ["viewer"])
            let short = try await bench.gateway.makeAPIKey(named: "short", grant, expiresAt: end, by: "test").text
            #expect(try await keys.get("/whoami", short.exposedText).status == 200)
            bench.clock.advance(by: .seconds(60))
            #expect(try await keys.get("/whoami", short.exposedText).problem == "token-expired")
            let bound = try await keys.key("bound", roles: [.viewer], addresses: ["192.0.2.0/28", "2001:db8::/32"])
            for (address, status) in [
                ("192.0.2.15", 200), ("::ffff:192.0.2.1", 200), ("2001:db8::9", 200), ("192.0.2.16", 401),
                ("2001:db9::9", 401), ("", 401),
            ] {
                #expect(try await keys.send(.get, "/whoami", bound, from: address).status == status, "\(address)")
            }
        }
    }

    @Test func `Nobody makes a key that allows more than the own one`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let keeper = try await keys.key("keeper", [.keysManage, .metersRead])
            let right = try await keys.send(.post, "/api-keys", keeper, #"{"name":"a","scopes":["meters:read"]}"#)
            #expect(right.status == 201)
            for grant in [#""scopes":["meters:write"]"#, #""roles":["admin"]"#, #""roles":["viewer"]"#] {
                let answer = try await keys.send(.post, "/api-keys", keeper, "{\"name\":\"b\",\(grant)}")
                #expect(answer.problem == "insufficient-scope", "\(grant)")
            }
            let typo = try await keys.send(.post, "/api-keys", keeper, #"{"name":"b","scopes":["meter:read"]}"#)
            #expect(typo.json["suggestion"] == "meters:read")
            let empty = try await keys.send(.post, "/api-keys", keeper, #"{"name":"b"}"#)
            #expect(empty.status == 422)
        }
    }

    @Test func `A key makes none that is good longer, from elsewhere or for more, and ends none that allows more`()
        async throws
    {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let end = bench.clock.now() + .seconds(3600)
            let bounds = APIKeyGrant(
                scopes: ["keys:manage", "meters:read"],
                addresses: ["192.0.2.0/24"].compactMap { AddressRange($0) },
                requestsPerMinute: 60
            )
            let made = try await bench.gateway.makeAPIKey(named: "bound", bounds, expiresAt: end, by: "test")
            let key = made.text.exposedText
            let right = [
                "expiresAt": "\"\(end.rfc3339)\"", "addresses": #"["192.0.2.128/25"]"#, "requestsPerMinute": "60",
            ]
            func answer(_ name: String, _ members: [String: String]) async throws -> APIBench.Answer {
                let rest = members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
                return try await keys.send(
                    .post,
                    "/api-keys",
                    key,
                    "{\"name\":\"\(name)\",\"scopes\":[\"meters:read\"],\(rest)}"
                )
            }
            #expect(try await answer("child", right).status == 201)
            for (member, value) in [
                ("expiresAt", nil), ("expiresAt", "\"\((end + .seconds(1)).rfc3339)\""), ("addresses", nil),
                ("addresses", #"["192.0.0.0/16"]"#), ("addresses", #"["2001:db8::/32"]"#), ("requestsPerMinute", nil),
                ("requestsPerMinute", "61"),
            ] as [(String, String?)] {
                var members = right
                members[member] = value
                let refused = try await answer("other", members)
                #expect(refused.status == 422, "\(member): \(refused.text)")
                #expect(refused.json["pointer"]?.string == "/\(member)")
            }
            let admin = try await bench.gateway.makeAPIKey(
                named: "chief",
                APIKeyGrant(roles: ["admin"]),
                expiresAt: nil,
                by: "test"
            )
            let refused = try await keys.send(.delete, "/api-keys/\(admin.record.id)", key)
            #expect(refused.problem == "insufficient-scope")
            #expect(try await keys.get("/whoami", admin.text.exposedText).status == 200)
        }
    }

    @Test func `Keys that somebody made up do not push out keys in use`() async throws {
        try await APIBench.run { bench in
            let desk = CredentialDesk(
                gateway: bench.gateway,
                tickets: TicketOffice(clock: bench.clock),
                mostEntries: 4,
                memoryTime: .seconds(3600)
            )
            func request(_ key: String) -> HTTPRequest {
                let field = HTTPHeaders.Field(name: "Authorization", value: "Bearer \(key)")
                return HTTPRequest(method: .get, rawTarget: "/", headers: HTTPHeaders([field]))
            }
            let key = try await KeyBench(bench).key("used", [.readingsRead])
            #expect(await desk.identity(of: request(key)).principal != nil)
            for _ in 0..<5 {
                let madeUp = request(try APIKeyText.drawn().exposedText)
                #expect(await desk.identity(of: madeUp).principal == nil)
                // What was looked for in vain is not looked for again at once.
                #expect(desk.identityAtHand(of: madeUp) != nil)
            }
            #expect(desk.identityAtHand(of: request(key))?.principal != nil)
        }
    }

    @Test func `A key that may not have meters asked gets what is kept, or is told so`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let reader = try await keys.key("reader", [.readingsRead])
            let path = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"
            for target in [path, path + "?maxAge=0", "/meters/M1/objects", "/meters/M1/profiles"] {
                #expect(try await keys.get(target, reader).problem == "live-read-not-allowed", "\(target)")
            }
            #expect(bench.meter.reads(3, SampleMeter.energy, 2) == 0)
            #expect(try await bench.get(path).status == 200)
            let kept = try await keys.get(path, reader)
            #expect(kept.status == 200)
            #expect(kept.json["source"] == "cache")
            // Now it stands, and goes to those who may have it and to nobody else.
            let live = try await keys.key("live", [.readingsRead, .readingsLive])
            let other = try await keys.key("other", [.metersRead])
            for _ in 0..<3 {
                #expect(try await keys.get(path, live).status == 200)
                #expect(try await keys.get(path, other).status == 403)
                #expect(try await keys.get(path, nil).status == 401)
            }
        }
    }

    @Test func `A job needs the scope of what it does`() async throws {
        try await APIBench.run { bench in
            let keys = KeyBench(bench)
            let jobs = try await keys.key("jobs", [.jobsWrite])
            let target = #""target":{"meters":["M1"]}"#
            let read = #""items":[{"object":"1.0.1.8.0.255","attribute":2}]"#
            let invoke = #""items":[{"object":"0.0.44.0.0.255","class":18,"method":2}]"#
            for (kind, rest, scope) in [
                ("read", read, "readings:live"),
                ("disconnect", #""expectedState":"connected""#, "disconnector:operate"),
                ("clock-sync", "", "clock:write"), ("discover", "", "readings:live"),
                ("invoke", invoke, "firmware:write"),
            ] {
                let body = "{\"kind\":\"\(kind)\",\(target)" + (rest.isEmpty ? "}" : ",\(rest)}")
                let answer = try await keys.send(.post, "/jobs", jobs, body, headers: ["Idempotency-Key": kind])
                #expect(answer.problem == "insufficient-scope", "\(kind): \(answer.text)")
                if kind != "invoke" { #expect(answer.json["scope"]?.string == scope, "\(kind)") }
            }
            let invoker = try await keys.key("invoker", [.methodsInvoke])
            let path = "/meters/M1/objects/0.0.43.0.0.255/methods/2"
            let answer = try await keys.send(.post, path, invoker, "{}", headers: ["Idempotency-Key": "k"])
            #expect(answer.json["scope"] == "keys:manage")
        }
    }
}
