// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Testing

@testable import GatewayAPI

@Suite("Names of objects")
struct ObjectNameTests {
    @Test func `Every spelling and the alias of an object give the same answer`() async throws {
        try await APIBench.run { bench in
            let spellings = [
                "1.0.1.8.0.255", "1-0:1.8.0*255", "1-0:1.8.0", "0100010800FF", "energy-import", "1-0%3A1.8.0%2A255",
            ]
            for rest in ["/attributes/2", ""] {
                // The first one asks the meter, the others are told what is kept.
                _ = try await bench.get("/meters/M1/objects/1.0.1.8.0.255\(rest)")
                var bodies: Set<String> = []
                for spelling in spellings {
                    let answer = try await bench.get("/meters/M1/objects/\(spelling)\(rest)")
                    #expect(answer.status == 200, "\(spelling)")
                    bodies.insert(answer.text)
                }
                #expect(bodies.count == 1)
                #expect(bodies.first?.contains(#""obis":"1.0.1.8.0.255""#) == true)
            }
        }
    }

    @Test func `Profiles and bodies take the same names`() async throws {
        try await APIBench.run { bench in
            let named = try await bench.get("/meters/M1/profiles/load-profile")
            #expect(named.status == 200)
            #expect(named.json["obis"] == "1.0.99.1.0.255")
            let read = try await bench.send(
                .post,
                "/meters/M1/read",
                #"{"items":[{"object":"energy-import","attribute":2}]}"#
            )
            #expect(read.status == 200)
            #expect(read.json["items"]?[0]?["object"]?["obis"] == "1.0.1.8.0.255")
            #expect(try await bench.get("/catalog/obis/voltage-l1").json["obis"] == "1.0.32.7.0.255")
        }
    }

    @Test(arguments: [
        ("energy-imprt", "energy-import"), ("1,0,1,8,0,255", "1.0.1.8.0.255"), ("1.8.0", "1.0.1.8.0.255"),
        ("1.0.1.8.0", "1.0.1.8.0.255"), ("1.0.1.8.0.2555", "1.0.1.8.0.255"), ("1-0;1.8.0*255", "1.0.1.8.0.255"),
    ])
    func `What names nothing is told what was meant`(text: String, meant: String) async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/meters/M1/objects/\(text)/attributes/2")
            #expect(answer.problem == "bad-obis")
            #expect(answer.json["suggestion"] == .string(meant))
        }
    }

    @Test func `A meter that there is not is told with the nearest one that the caller may see`() async throws {
        try await APIBench.run { bench in
            for id in ["house-12", "house-77"] {
                let body = #"{"labels":{"region":"\#(id)"},"channel":{"type":"tcp","host":"127.0.0.1"}}"#
                #expect(try await bench.send(.put, "/meters/\(id)", body).status == 201)
            }
            #expect(try await bench.get("/meters/huose-12").json["suggestion"] == "house-12")
            #expect(try await bench.get("/meters/nothing-like-it").json["suggestion"] == nil)
            let keys = KeyBench(bench)
            let confined = try await keys.key("one", [.metersRead], labels: "region=house-77")
            #expect(try await keys.get("/meters/house-12", confined).json["suggestion"] == "house-77")
            let blind = try await keys.key("blind", [.readingsRead, .readingsLive])
            let answer = try await keys.get("/meters/huose-12/objects/1.0.1.8.0.255/attributes/2", blind)
            #expect(answer.problem == "meter-unknown")
            #expect(answer.json["suggestion"] == nil)
        }
    }

    @Test func `The contract lists every alias`() {
        let contract = String(decoding: Contract.openAPI, as: UTF8.self).split(separator: "\n")
        let start = contract.firstIndex { $0 == "    ObjectAlias:" } ?? contract.endIndex
        let listed = contract[start...].dropFirst(3).prefix { $0.hasPrefix("        - ") }.map {
            String($0.dropFirst(10))
        }
        #expect(listed == ReadingAliases.standard.names)
    }
}
