// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Foundation
import JSONText
import Measure

/// The answer to one attribute read, as a Codable type would be.
struct Answer: Codable {
    struct Object: Codable {
        var obis: String
        var `class`: Int
        var version: Int
        var name: String
    }
    struct Attribute: Codable {
        var id: Int
        var name: String
    }
    struct Quantity: Codable {
        var value: Double
        var unit: String
        var raw: Int
        var scaler: Int
        var unitCode: Int
    }
    var meter: String
    var object: Object
    var attribute: Attribute
    var type: String
    var value: Quantity
    var readAt: String
    var source: String
    var association: String
}

func write(_ answer: Answer) -> [UInt8] {
    var writer = JSONWriter(reservingCapacity: 512)
    writer.beginObject()
    writer.member("meter", answer.meter)
    writer.name("object")
    writer.beginObject()
    writer.member("obis", answer.object.obis)
    writer.member("class", answer.object.class)
    writer.member("version", answer.object.version)
    writer.member("name", answer.object.name)
    writer.endObject()
    writer.name("attribute")
    writer.beginObject()
    writer.member("id", answer.attribute.id)
    writer.member("name", answer.attribute.name)
    writer.endObject()
    writer.member("type", answer.type)
    writer.name("value")
    writer.beginObject()
    writer.name("value")
    writer.number(text: "12345.67")
    writer.member("unit", answer.value.unit)
    writer.member("raw", answer.value.raw)
    writer.member("scaler", answer.value.scaler)
    writer.member("unitCode", answer.value.unitCode)
    writer.endObject()
    writer.member("readAt", answer.readAt)
    writer.member("source", answer.source)
    writer.member("association", answer.association)
    writer.endObject()
    return writer.takeOctets()
}

let answer = Answer(
    meter: "M-1001",
    object: .init(obis: "1.0.1.8.0.255", class: 3, version: 0, name: "Active energy import (+A), total"),
    attribute: .init(id: 2, name: "value"),
    type: "double-long-unsigned",
    value: .init(value: 12345.67, unit: "Wh", raw: 1_234_567, scaler: -2, unitCode: 30),
    readAt: "2026-11-22T08:15:03.120Z",
    source: "cache",
    association: "reader"
)
let encoder = JSONEncoder()
let octets = write(answer)
let data = Data(octets)
let decoder = JSONDecoder()

compare(
    "one answer of \(octets.count) octets",
    repetitions: 20_000,
    [
        Contender("JSONWriter") { write(answer).count },
        Contender("Foundation JSONEncoder") { (try? encoder.encode(answer))?.count ?? 0 },
    ]
)
compare(
    "reading it",
    repetitions: 10_000,
    [
        Contender("JSONReader, tree") { (try? JSONReader.parse(octets))?.object?.members.count ?? 0 },
        Contender("Foundation JSONSerialization") {
            ((try? JSONSerialization.jsonObject(with: data)) as? [String: Any])?.count ?? 0
        },
        Contender("Foundation JSONDecoder") { (try? decoder.decode(Answer.self, from: data))?.meter.count ?? 0 },
    ]
)
