// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayCore
import HTTPKit
import JSONText
import Testing

@testable import GatewayAPI

@Suite("Orders that somebody else confirms")
struct FourEyesTests {
    private static let path = "/meters/M1/disconnector/orders"

    @Test func `Who made an order cannot confirm it, who may confirm can, and both stand in the audit log`()
        async throws
    {
        try await APIBench.run(orders: OrderSettings(confirmation: .fourEyes)) { bench in
            let keys = KeyBench(bench)
            let maker = try await keys.key("maker", [.disconnectorOperate, .disconnectorConfirm, .jobsRead])
            let second = try await keys.key("second", [.disconnectorConfirm])
            let helper = try await keys.key("helper", [.disconnectorOperate])
            let made = try await keys.send(
                .post,
                Self.path,
                maker,
                #"{"action":"disconnect","expectedState":"connected"}"#,
                headers: ["Idempotency-Key": "k1"]
            )
            #expect(made.status == 202)
            #expect(made.json["state"] == "awaiting-confirmation")
            #expect(made.json["createdBy"] == "key:maker")
            #expect(made.json["confirmation"]?["policy"] == "four-eyes")
            let token = try #require(made.json["confirmation"]?["token"]?.string)
            let confirm = try #require(made.headers["Location"]) + "/confirm"
            let body = "{\"token\":\"\(token)\"}"
            #expect(try await keys.send(.post, confirm, maker, body).problem == "confirmation-refused")
            #expect(try await keys.send(.post, confirm, helper, body).problem == "insufficient-scope")
            #expect(try await keys.send(.post, confirm, nil, body).status == 401)
            #expect(try await keys.send(.post, confirm, second, #"{"token":"x"}"#).problem == "confirmation-mismatch")
            #expect(bench.meter.orders == 0)
            let confirmed = try await keys.send(.post, confirm, second, body)
            #expect(confirmed.status == 200)
            #expect(confirmed.json["state"] == "queued")
            // The command is sent once, and who confirmed is on record.
            try await bench.working {
                let place = try #require(made.headers["Location"])
                let ended = try await keys.send(.get, place, maker, headers: ["Prefer": "wait=20"])
                #expect(ended.json["state"] == "succeeded")
            }
            #expect(bench.meter.orders == 1)
            let records = try await bench.get("/audit?action=confirmJob&limit=1").json["items"]?[0]
            #expect(records?["caller"] == "key:second")
            #expect(records?["outcome"] == "200")
        }
    }

    @Test func `Who made a key is no second pair of eyes beside it`() async throws {
        try await APIBench.run(orders: OrderSettings(confirmation: .fourEyes)) { bench in
            let keys = KeyBench(bench)
            let scopes: [Scope] = [.disconnectorOperate, .disconnectorConfirm, .keysManage]
            let parent = try await keys.key("parent", scopes)
            let grant = #""scopes":["disconnector:confirm","keys:manage"]"#
            let child = try await keys.send(.post, "/api-keys", parent, "{\"name\":\"child\",\(grant)}")
            let childKey = try #require(child.json["key"]?.string)
            let grandchild = try await keys.send(.post, "/api-keys", childKey, "{\"name\":\"grandchild\",\(grant)}")
            let made = try await keys.send(
                .post,
                Self.path,
                parent,
                #"{"action":"disconnect","expectedState":"connected"}"#,
                headers: ["Idempotency-Key": "k1"]
            )
            let token = try #require(made.json["confirmation"]?["token"]?.string)
            let confirm = try #require(made.headers["Location"]) + "/confirm"
            for key in [childKey, try #require(grandchild.json["key"]?.string)] {
                let refused = try await keys.send(.post, confirm, key, "{\"token\":\"\(token)\"}")
                #expect(refused.problem == "confirmation-refused", "\(refused.text)")
            }
        }
    }
}
