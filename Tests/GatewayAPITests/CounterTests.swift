// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@Suite struct CounterTests {
    /// A meter with one protected association and one in clear.
    private func register(_ bench: APIBench) async throws {
        let made = try await bench.send(
            .put,
            "/meters/M2",
            """
            {"channel":{"type":"tcp","host":"127.0.0.1","port":4059},
             "associations":{
               "reader":{"clientAddress":32},
               "manager":{"clientAddress":1,"authentication":{"mechanism":"gmac"},
                 "security":{"clientSystemTitle":"434F53454D475731",
                             "blockCipherKey":{"hex":"000102030405060708090A0B0C0D0E0F"},
                             "authenticationKey":{"hex":"D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"}}}}}
            """
        )
        #expect(made.status == 201, "\(made.text)")
    }

    @Test func onlyProtectedAssociationsHaveCounters() async throws {
        try await APIBench.run { bench in
            try await register(bench)
            let answer = try await bench.send(.get, "/meters/M2/counters")
            #expect(answer.status == 200)
            let items = try #require(answer.json["items"]?.array)
            #expect(items.map { $0["association"]?.string } == ["manager"])
            #expect(items[0]["clientSystemTitle"]?.string == "434F53454D475731")
            #expect(items[0]["next"]?.isNull == true)
            #expect(try await bench.send(.get, "/meters/M1/counters").json["items"]?.array?.isEmpty == true)
            #expect(try await bench.send(.get, "/meters/absent/counters").status == 404)
        }
    }

    @Test func aPersonMakesACounterJumpAndThatIsWrittenDown() async throws {
        try await APIBench.run { bench in
            try await register(bench)
            let order = #"{"association":"manager","above":25000000,"reason":"from the former head-end"}"#
            let raised = try await bench.send(.post, "/meters/M2/counters/raise", order)
            #expect(raised.status == 200, "\(raised.text)")
            #expect(raised.json["raised"]?.bool == true)
            let counters = try await bench.send(.get, "/meters/M2/counters").json["items"]?.array?.first
            #expect(counters?["next"]?.number?.exactInt64 == 25_000_001)
            let repair = try #require(counters?["repairs"]?.array?.first)
            #expect(repair["cause"]?.string == "operator")
            #expect(repair["reason"]?.string == "from the former head-end")
            #expect(repair["from"]?.number?.exactInt64 == 1)
            let again = try await bench.send(.post, "/meters/M2/counters/raise", order)
            #expect(again.json["raised"]?.bool == false)
            #expect(again.json["counters"]?["repairs"]?.array?.count == 1)
        }
    }

    @Test func aJumpNeedsAnAssociationWithCountersAndAReason() async throws {
        try await APIBench.run { bench in
            try await register(bench)
            let path = "/meters/M2/counters/raise"
            let reader = try await bench.send(.post, path, #"{"association":"reader","above":5,"reason":"x"}"#)
            #expect(reader.problem == "association-unknown")
            for body in [
                #"{"association":"manager","above":5}"#, #"{"association":"manager","above":5,"reason":""}"#,
                #"{"association":"manager","above":4294967295,"reason":"x"}"#,
                #"{"association":"manager","above":5,"reason":"x","more":1}"#,
            ] {
                #expect([400, 422].contains(try await bench.send(.post, path, body).status), "\(body)")
            }
        }
    }

    @Test func contradictionsInASecurityBlockAreTold() async throws {
        try await APIBench.run { bench in
            let key = #""blockCipherKey":{"hex":"000102030405060708090A0B0C0D0E0F"}"#
            let cases = [
                (#"{"authentication":{"mechanism":"gmac"}}"#, "/associations/a/security"),
                (#"{"security":{\#(key)}}"#, "/associations/a/security/authenticationKey"),
                (#"{"security":{"suite":2,\#(key)}}"#, "/associations/a/security/blockCipherKey"),
                (#"{"security":{"clientSystemTitle":"00",\#(key)}}"#, "/associations/a/security/clientSystemTitle"),
                (
                    #"{"security":{"protection":["encrypted"],"signingKey":{"hex":"00"},\#(key)}}"#,
                    "/associations/a/security/signingKey"
                ),
                (
                    #"{"security":{"protection":["encrypted"],"keySet":"broadcast",\#(key)}}"#,
                    "/associations/a/security/broadcastKey"
                ),
                (
                    #"{"authentication":{"mechanism":"ecdsa"},"security":{"protection":["encrypted"],\#(key)}}"#,
                    "/associations/a/security"
                ),
            ]
            for (association, pointer) in cases {
                let answer = try await bench.send(
                    .put,
                    "/meters/M3",
                    #"{"channel":{"type":"tcp","host":"127.0.0.1"},"associations":{"a":\#(association)}}"#
                )
                #expect(answer.status == 422, "\(answer.text)")
                #expect(answer.json["pointer"]?.string == pointer, "\(answer.text)")
                #expect(!answer.text.contains("0001020304"))
            }
        }
    }
}
