// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@Suite("Reading attributes")
struct AttributeTests {
    private let path = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"

    @Test("A register is scaled and has its unit")
    func quantity() async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get(path)
            #expect(answer.status == 200)
            #expect(
                answer.json["value"]
                    == [
                        "value": .number(try #require(JSONNumber(text: "12345.67"))), "unit": "Wh", "raw": 1_234_567,
                        "scaler": -2, "unitCode": 30,
                    ]
            )
            #expect(answer.json["type"] == "double-long-unsigned")
            #expect(answer.json["source"] == "live")
            #expect(answer.json["association"] == "reader")
            #expect(answer.json["object"]?["class"] == 3)
            #expect(answer.json["attribute"]?["name"] == "value")
            #expect(answer.headers["ETag"]?.hasPrefix("W/") == true)
            #expect(answer.headers["X-Request-Id"] != nil)
        }
    }

    @Test(
        "All spellings of a logical name give the same answer",
        arguments: ["1.0.1.8.0.255", "1-0:1.8.0*255", "1-0:1.8.0", "0100010800ff"]
    )
    func spellings(obis: String) async throws {
        try await APIBench.run { bench in
            let answer = try await bench.get("/meters/M1/objects/\(obis)/attributes/value")
            #expect(answer.json["object"]?["obis"] == "1.0.1.8.0.255")
            #expect(answer.json["value"]?["raw"] == 1_234_567)
        }
    }

    @Test("The typed and the hexadecimal form have the value as the meter sent it")
    func forms() async throws {
        try await APIBench.run { bench in
            let typed = try await bench.get(path + "?form=typed")
            #expect(typed.json["value"] == ["type": "double-long-unsigned", "value": 1_234_567])
            let hex = try await bench.get(path + "?form=hex")
            #expect(hex.json["value"] == ["hex": "060012D687"])
        }
    }

    @Test("A quantity is told in the power of ten that is asked for, and in no other unit")
    func scale() async throws {
        try await APIBench.run { bench in
            let kilo = try await bench.get(path + "?scale=kWh")
            #expect(
                kilo.json["value"]
                    == [
                        "value": .number(try #require(JSONNumber(text: "12.34567"))), "unit": "kWh", "raw": 1_234_567,
                        "scaler": -2, "unitCode": 30,
                    ]
            )
            let own = try await bench.get(path + "?scale=Wh")
            #expect(own.json["value"]?["unit"] == "Wh")
            #expect(own.headers["ETag"] != kilo.headers["ETag"])
            let clock = "/meters/M1/objects/0.0.1.0.0.255/attributes/2?scale=kWh"
            for wrong in [path + "?scale=kvarh", path + "?scale=KWh", path + "?scale=kWh&form=typed", clock] {
                let refused = try await bench.get(wrong)
                #expect(refused.status == 422, "\(wrong)")
                #expect(refused.json["parameter"] == "scale")
            }
        }
    }

    @Test("The words about age decide whether the meter is asked")
    func freshness() async throws {
        try await APIBench.run { bench in
            func reads() -> Int { bench.meter.reads(3, SampleMeter.energy, 2) }
            let nothing = try await bench.get(path, headers: ["Cache-Control": "only-if-cached"])
            #expect(nothing.status == 504)
            #expect(nothing.problem == "not-cached")
            #expect(reads() == 0)
            _ = try await bench.get(path)
            #expect(reads() == 1)
            bench.clock.advance(by: .seconds(30))
            let kept = try await bench.get(path)
            #expect(kept.json["source"] == "cache")
            #expect(kept.headers["Age"] == "30")
            #expect(reads() == 1)
            _ = try await bench.get(path + "?maxAge=10")
            #expect(reads() == 2)
            _ = try await bench.get(path, headers: ["Cache-Control": "no-cache"])
            #expect(reads() == 3)
            _ = try await bench.get(path + "?maxAge=0")
            #expect(reads() == 4)
            bench.clock.advance(by: .seconds(61))
            #expect(try await bench.get(path + "?maxAge=PT15M").json["source"] == "cache")
            #expect(try await bench.get(path, headers: ["Cache-Control": "max-age=3600"]).json["source"] == "cache")
            #expect(try await bench.get(path + "?source=cache").json["source"] == "cache")
            #expect(reads() == 4)
            _ = try await bench.get(path)
            #expect(reads() == 5)
            // Scaler and object list were read once for all of this.
            #expect(bench.meter.reads(3, SampleMeter.energy, 3) == 1)
            #expect(bench.meter.reads(15, SampleMeter.association, 2) == 1)
        }
    }

    @Test("An unchanged value is 304")
    func notModified() async throws {
        try await APIBench.run { bench in
            let first = try await bench.get(path)
            let tag = try #require(first.headers["ETag"])
            #expect(try await bench.get(path, headers: ["If-None-Match": tag]).status == 304)
            #expect(try await bench.get(path + "?form=hex", headers: ["If-None-Match": tag]).status == 200)
        }
    }

    @Test("Two hundred callers at once cost the meter one exchange")
    func sharedRead() async throws {
        try await APIBench.run { bench in
            _ = try await bench.get("/meters/M1/objects")
            bench.listener.setAnswerDelay(.milliseconds(100))
            let statuses = await withTaskGroup(of: Int?.self) { group in
                for _ in 0..<200 { group.addTask { try? await bench.get(path).status } }
                return await group.reduce(into: [Int?]()) { $0.append($1) }
            }
            #expect(statuses.count == 200)
            #expect(statuses.allSatisfy { $0 == 200 })
            #expect(bench.meter.reads(3, SampleMeter.energy, 2) == 1)
        }
    }

    @Test("What is not there is told apart")
    func problems() async throws {
        try await APIBench.run { bench in
            let cases: [(String, Int, String)] = [
                ("/meters/M2/objects", 404, "meter-unknown"),
                ("/meters/M1/objects/1.0.1.8.1.255", 404, "object-undefined"),
                ("/meters/M1/objects/1.0.1.8/attributes/2", 400, "bad-obis"),
                ("/meters/M1/objects/1.0.1.8.0.255/attributes/99", 404, "attribute-undefined"),
                ("/meters/M1/objects/1.0.1.8.0.255/attributes/valeu", 404, "attribute-undefined"),
                ("/meters/M1/objects/1.0.0.2.0.255/attributes/2", 409, "ambiguous-object"),
                ("/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxage=1", 400, "unknown-field"),
                ("/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxAge=x", 400, "bad-parameter"),
                ("/meters/M1/objects/1.0.1.8.0.255/attributes/2?form=frendly", 400, "bad-parameter"),
                ("/meters/M1/objects/1.0.1.8.0.255/attributes/2?association=read", 422, "association-unknown"),
            ]
            for (target, status, problem) in cases {
                let answer = try await bench.get(target)
                #expect(answer.status == status, "\(target)")
                #expect(answer.problem == problem, "\(target)")
                #expect(answer.headers["Content-Type"] == "application/problem+json")
                #expect(answer.json["traceId"]?.string == answer.headers["X-Request-Id"])
                #expect(try await bench.get(try #require(answer.json["type"]?.string)).status == 200)
            }
            let unknown = try await bench.get("/meters/M1/objects/1.0.1.8.1.255")
            #expect(unknown.json["choices"]?[0]?["obis"] == "1.0.1.8.0.255")
            let misspelt = try await bench.get("/meters/M1/objects/1.0.1.8.0.255/attributes/2?maxage=1")
            #expect(misspelt.json["hint"]?.string?.contains("maxAge") == true)
        }
    }

    @Test("Each way a meter can fail is its own problem")
    func unreachable() async throws {
        try await APIBench.run { bench in
            _ = try await bench.send(.put, "/meters/W", bench.configuration(password: "wrong"))
            let wrong = try await bench.get("/meters/W/objects")
            #expect(wrong.status == 502)
            #expect(wrong.problem == "authentication-failed-at-meter")
            #expect(!wrong.text.contains("wrong"))
            _ = try await bench.send(.put, "/meters/P", bench.configuration(port: 1))
            let port = try await bench.get("/meters/P/objects")
            #expect(port.status == 502)
            #expect(port.problem == "meter-refused-connection")
            _ = try await bench.send(.put, "/meters/S", bench.configuration(response: "PT0.2S"))
            bench.listener.setAnswering(.silent)
            let silent = try await bench.get("/meters/S/objects")
            #expect(silent.status == 504)
            #expect(silent.problem == "meter-timeout")
        }
    }

    @Test("The wait of the caller is kept")
    func wait() async throws {
        try await APIBench.run { bench in
            // The line is there, so that the wait is for the meter, however busy the machine.
            #expect(try await bench.get(path).status == 200)
            bench.listener.setAnswering(.silent)
            let answer = try await bench.get(path, headers: ["Prefer": "wait=4", "Cache-Control": "no-cache"])
            #expect(answer.status == 504)
            #expect(answer.problem == "wait-exceeded")
        }
    }
}
