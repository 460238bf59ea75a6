// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("The gateway itself")
struct SystemTests {
    @Test("Live, ready, and not ready when draining")
    func health() async throws {
        try await APIBench.run { bench in
            #expect(try await bench.get("/livez").status == 200)
            #expect(try await bench.get("/readyz?verbose=true").json["checks"]?.array?.count == 2)
            bench.gateway.beginDraining()
            let answer = try await bench.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.problem == "draining")
            #expect(answer.headers["Retry-After"] != nil)
            #expect(try await bench.get("/livez").status == 200)
        }
    }

    @Test("Metrics count by route, not by meter")
    func metrics() async throws {
        try await APIBench.run { bench in
            for number in 0..<20 { _ = try await bench.get("/meters/X\(number)") }
            _ = try await bench.get("/meters/M1/objects")
            let text = try await bench.get("/metrics").text
            #expect(
                text.contains(
                    #"cosem_gateway_http_requests_total{route="/meters/{id}",method="GET",code="404"} 20"#
                )
            )
            #expect(text.contains(#"cosem_gateway_meter_exchanges_total{service="get",result="success"} 1"#))
            #expect(text.contains("cosem_gateway_associations_open 1"))
            #expect(!text.contains("X1"))
        }
    }

    @Test("Codes and octets are explained")
    func helpers() async throws {
        try await APIBench.run { bench in
            let code = try await bench.get("/catalog/obis/1-0:1.8.0")
            #expect(code.json["obis"] == "1.0.1.8.0.255")
            #expect(try await bench.get("/catalog/classes/3").json["attributes"]?[2]?["name"] == "scaler_unit")
            #expect(try await bench.get("/catalog/classes/3?version=200").status == 404)
            let clock = try await bench.get("/catalog/classes/8").json["attributes"]
            #expect(clock?[1]?["means"] == "date-time")
            #expect(clock?[2]?["means"] == nil)
            let mode = try await bench.get("/catalog/classes/70").json["attributes"]?[3]
            #expect(mode?["codes"]?[4]?["code"] == 4)
            #expect(mode?["codes"]?[4]?["name"] == "mode-4")
            #expect(try await bench.get("/catalog/units").json["items"]?.array?.isEmpty == false)
            let decoded = try await bench.send(.post, "/tools/decode", #"{"hex":"060012D687","layer":"data"}"#)
            #expect(decoded.json["reencoded"] == "060012D687")
            let bad = try await bench.send(.post, "/tools/decode", #"{"hex":"0600","layer":"data"}"#)
            #expect(bad.status == 422)
            #expect(bad.problem == "undecodable")
            #expect(try await bench.get("/").json["links"]?["contract"] == "/openapi.yaml")
        }
    }
}
