// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Objects")
struct ObjectTests {
    @Test("The object list has names and rights")
    func list() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/meters/M1/objects?class=3")
            let items = try #require(answer.json["items"]?.array)
            #expect(items.count == 2)
            #expect(items[0]["obis"] == "1.0.1.8.0.255")
            #expect(items[0]["name"]?.string?.isEmpty == false)
            #expect(items[0]["attributes"]?[1] == ["id": 2, "name": "value", "access": "read"])
            #expect(items[0]["methods"]?[0] == ["id": 1, "name": "reset", "access": "access"])
            #expect(answer.json["source"] == "live")
            #expect(try await bench.get("/meters/M1/objects").json["source"] == "cache")
            #expect(try await bench.get("/meters/M1/objects?q=96.50").json["items"]?.array?.count == 2)
        }
    }

    @Test("Every readable attribute has a value or a problem")
    func allAttributes() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/meters/M1/objects/1.0.1.8.0.255?attributes=all")
            #expect(answer.status == 200)
            let attributes = try #require(answer.json["attributes"]?.array)
            #expect(attributes.count == 3)
            #expect(attributes[1]["value"]?["unit"] == "Wh")
            #expect(answer.json["failed"] == 0)
            let some = try await bench.get("/meters/M1/objects/1.0.1.8.0.255?attributes=scaler_unit,77")
            #expect(some.json["failed"] == 1)
            #expect(some.json["attributes"]?[1]?["problem"]?["status"] == 404)
        }
    }

    @Test("A batch is read in one request where the meter allows lists")
    func batch() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get("/meters/M1/objects")
            let before = bench.listener.counters.exchanges
            let answer = try await bench.send(
                .post,
                "/meters/M1/read",
                #"{"items":[{"object":"1.0.1.8.0.255","attribute":2},{"object":"9.9.9.9.9.9","attribute":2},{"object":"0.0.96.50.0.255","attribute":"value"}]}"#
            )
            #expect(answer.status == 200)
            #expect(answer.json["failed"] == 1)
            #expect(answer.json["items"]?[0]?["value"]?["raw"] == 1_234_567)
            #expect(answer.json["items"]?[1]?["problem"]?["type"] == "/docs/problems/object-undefined")
            #expect(bench.listener.counters.exchanges == before + 1)
        }
    }
}
