// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@testable import GatewayAPI

@Suite("The contract as JSON")
struct ContractJSONTests {
    @Test func `It is the same document`() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/openapi.json")
            #expect(answer.status == 200)
            #expect(answer.headers["Content-Type"] == "application/json")
            #expect(answer.json["openapi"] == "3.1.1")
            for route in bench.api.routeTable.routes where route.method == .get {
                #expect(
                    answer.json["paths"]?[route.pattern.text]?["get"]?["operationId"] != nil,
                    "\(route.pattern.text)"
                )
            }
        }
    }

    @Test(
        "What is quoted stays a text, what is not is what it looks like",
        arguments: [
            ("a: 1", #"{"a":1}"#), ("a: '1'", #"{"a":"1"}"#), ("a: \"true\"", #"{"a":"true"}"#),
            ("a: true", #"{"a":true}"#), ("a: null", #"{"a":null}"#), ("a:", #"{"a":null}"#),
            ("a: -1.50", #"{"a":-1.50}"#), ("a: 1.0.1.8.0.255", #"{"a":"1.0.1.8.0.255"}"#), ("a: 007", #"{"a":"007"}"#),
            ("[b, {c: d}]", #"["b",{"c":"d"}]"#),
            ("a: |\n  b\n  c\n", #"{"a":"b\nc\n"}"#), ("\"200\": yes", #"{"200":"yes"}"#),
        ]
    )
    func scalars(_ yaml: String, _ json: String) throws {
        #expect(String(decoding: try ContractJSON.octets(of: yaml), as: UTF8.self) == json)
    }
}
