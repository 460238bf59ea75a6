// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText
import Testing

@testable import GatewayAPI

@Suite("Forms of readings for others")
struct IntegrationFormatTests {
    private let value = "/meters/M1/objects/1.0.1.8.0.255/attributes/2"
    private let rows = "/meters/M1/profiles/1.0.99.1.0.255/rows?from=2026-11-20T00:00:00Z&to=2026-11-20T01:00:00Z"

    @Test(
        "Common objects have a reading type",
        arguments: [
            ("1.0.1.8.0.255", 30, 0, "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"),
            ("1.0.1.8.0.255", 30, 900, "0.0.2.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"),
            ("1.0.2.8.3.255", 30, 0, "0.0.0.1.19.1.12.0.0.0.0.3.0.0.0.0.72.0"),
            ("1.0.1.29.0.255", 30, 3600, "0.0.7.4.1.1.12.0.0.0.0.0.0.0.0.0.72.0"),
            ("1.0.3.8.0.255", 32, 0, "0.0.0.1.5.1.12.0.0.0.0.0.0.0.0.0.73.0"),
            ("1.0.1.7.0.255", 27, 0, "0.0.0.12.1.1.37.0.0.0.0.0.0.0.0.0.38.0"),
            ("1.0.41.7.0.255", 27, 0, "0.0.0.12.1.1.37.0.0.0.0.0.0.0.64.0.38.0"),
            ("1.0.1.6.0.255", 27, 0, "0.8.0.6.1.1.8.0.0.0.0.0.0.0.0.0.38.0"),
            ("1.0.32.7.0.255", 35, 0, "0.0.0.12.0.1.54.0.0.0.0.0.0.0.129.0.29.0"),
            ("1.0.71.7.0.255", 33, 0, "0.0.0.12.0.1.4.0.0.0.0.0.0.0.32.0.5.0"),
            ("1.0.14.7.0.255", 44, 0, "0.0.0.12.0.1.15.0.0.0.0.0.0.0.0.0.33.0"),
            ("8.0.1.0.0.255", 13, 0, "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.42.0"),
        ]
    )
    func types(code: String, unit: UInt8, period: UInt32, text: String) throws {
        let object = try #require(OBISCode(code))
        #expect(CIMReadingType(of: object, attribute: 2, unitCode: unit, period: period)?.text == text)
    }

    @Test("An object that is not known, or has another unit than usual, has none")
    func noTypes() throws {
        for (code, unit) in [
            ("0.0.96.1.0.255", nil), ("1.0.1.8.0.255", 27), ("1.0.1.8.0.255", nil), ("1.0.0.2.2.255", 255),
        ] {
            let object = try #require(OBISCode(code))
            #expect(CIMReadingType(of: object, attribute: 2, unitCode: unit.map { UInt8($0) }) == nil, "\(code)")
        }
        let object = try #require(OBISCode("1.0.1.8.0.255"))
        #expect(CIMReadingType(of: object, attribute: 3, unitCode: 30) == nil)
    }

    @Test("Stored readings and rows come as MeterReadings to those who accept XML")
    func meterReadings() async throws {
        try await APIBench.run { bench in
            let read = try await bench.get(value)
            let xml = ["Accept": "application/xml"]
            let readings = try await bench.get("/readings?meter=M1&last=P400D", headers: xml)
            #expect(readings.headers["Content-Type"] == "application/xml")
            #expect(readings.text.contains("<Meter><Names><name>M1</name></Names></Meter>"))
            let number = try #require(read.json["value"]?["value"]?.number?.text)
            #expect(readings.text.contains("<value>\(number)</value>"))
            #expect(readings.text.contains(#"<ReadingType ref="0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"/>"#))
            #expect(readings.text.hasSuffix("</MeterReadings>\n"))
            let table = try await bench.get(rows, headers: xml)
            #expect(table.text.contains(#"<ReadingType ref="0.0.2.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"/>"#))
            let count = try await bench.get(rows).json["rows"]?.array?.count ?? 0
            #expect(count > 0)
            #expect(table.text.components(separatedBy: "<timeStamp>").count > count)
        }
    }

    @Test("Readings and rows come on one level to those who want objects")
    func flat() async throws {
        try await APIBench.run { bench in
            let read = try await bench.get(value)
            let answer = try await bench.get("/readings?meter=M1&last=P400D&rowFormat=object")
            let item = try #require(answer.json["items"]?[0])
            #expect(item.object?.names == ["time", "meter", "name", "value", "unit", "quality"])
            #expect(item["value"] == read.json["value"]?["value"])
            let usual = try await bench.get(rows)
            let flat = try await bench.get(rows + "&rowFormat=object")
            #expect(flat.json["rows"]?[0]?["1.0.1.8.0.255/2"] == usual.json["rows"]?[0]?["values"]?[0])
            let lines = try await bench.get(rows + "&rowFormat=object", headers: ["Accept": "application/x-ndjson"])
            #expect(lines.text.contains(#""1.0.1.8.0.255/2":"#))
            #expect(try await bench.get("/readings?meter=M1&rowFormat=objekt").problem == "bad-parameter")
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] { split(separator: separator) }
}
