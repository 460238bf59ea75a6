// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText
import Testing

@Suite struct TypedFormTests {
    @Test func typedFormReadsBackToTheSameOctets() throws {
        var generator = SeededGenerator(seed: 7)
        let reader = ValueReader(context: ValueContext())
        for round in 0..<12_000 {
            let tag = DataTag.allCases[round % DataTag.allCases.count]
            let data = DLMSData.random(tag, depth: 0, using: &generator)
            var writer = JSONWriter()
            ValueForm.typed.write(data, into: &writer)
            let json = try JSONReader.parse(writer.octets)
            let back = try reader.data(from: json)
            #expect(back.octets == data.octets, "\(String(decoding: writer.octets, as: UTF8.self))")
            let decoded = try DLMSData(octets: back.octets)
            var again = JSONWriter()
            ValueForm.typed.write(decoded, into: &again)
            #expect(again.octets == writer.octets)
        }
    }

    @Test(arguments: [
        (DLMSData.nullData, #"{"type":"null-data"}"#),
        (.boolean(true), #"{"type":"boolean","value":true}"#),
        (.doubleLongUnsigned(1_234_567), #"{"type":"double-long-unsigned","value":1234567}"#),
        (.long64Unsigned(.max), #"{"type":"long64-unsigned","value":"18446744073709551615"}"#),
        (.long64(.min), #"{"type":"long64","value":"-9223372036854775808"}"#),
        (.enumeration(1), #"{"type":"enum","value":1}"#),
        (.bitString(BitString(count: 8, packedOctets: [0xB0])), #"{"type":"bit-string","bits":"10110000"}"#),
        (.octetString([0x41, 0x42]), #"{"type":"octet-string","hex":"4142"}"#),
        (.visibleString([0x41]), #"{"type":"visible-string","value":"A"}"#),
        (.float32(bitPattern: Float.infinity.bitPattern), #"{"type":"float32","value":"Infinity","hex":"7F800000"}"#),
        (.structure([.unsigned(1)]), #"{"type":"structure","items":[{"type":"unsigned","value":1}]}"#),
    ])
    func eachTypeHasItsForm(data: DLMSData, text: String) {
        #expect(json(data, form: .typed) == text)
    }

    @Test func hexFormIsTheEncoding() {
        #expect(json(.doubleLongUnsigned(1_234_567), form: .hex) == #"{"hex":"060012D687"}"#)
    }

    @Test func anEditedFloatBesideItsOldBitsIsRefused() throws {
        let value = try JSONReader.parse(Array(#"{"type":"float32","value":2.5,"hex":"3F800000"}"#.utf8))
        #expect(throws: ValueError.self) { try ValueReader(context: ValueContext()).data(from: value) }
    }

    @Test(arguments: [
        (#"{"type":"unsigned","value":256}"#, "/value", "0 to 255"),
        (#"{"type":"usigned","value":1}"#, "/type", "unsigned"),
        (#"{"type":"structure","items":[{"type":"long","value":"x"}]}"#, "/items/0/value", "integer"),
        (#"{"type":"unsigned","valeu":1}"#, "/valeu", "value"),
        (#"{"type":"octet-string","hex":"ABC"}"#, "/hex", "hexadecimal"),
        ("5", "", "typed form"),
    ])
    func faultsNameThePlaceAndTheWayOut(text: String, pointer: String, words: String) throws {
        let value = try JSONReader.parse(Array(text.utf8))
        let error = #expect(throws: ValueError.self) { try ValueReader(context: ValueContext()).data(from: value) }
        #expect(error?.pointer.text == pointer)
        let message = "\(error?.description ?? "") \(error?.hint ?? "")"
        #expect(message.contains(words))
    }
}

/// The JSON text of a value.
func json(_ data: DLMSData, form: ValueForm = .friendly, context: ValueContext = ValueContext()) -> String {
    var writer = JSONWriter()
    form.write(data, context: context, into: &writer)
    return String(decoding: writer.octets, as: UTF8.self)
}
