// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

private func parse(_ text: String) throws -> JSONValue {
    try JSONReader.parse(Array(text.utf8))
}

private func fault(_ octets: [UInt8], limits: JSONLimits = .default) -> JSONError? {
    do {
        _ = try JSONReader.parse(octets, limits: limits)
        return nil
    } catch {
        return error
    }
}

private func fault(_ text: String, limits: JSONLimits = .default) -> JSONError? {
    fault(Array(text.utf8), limits: limits)
}

@Suite struct JSONReaderTests {
    @Test func readsEveryKindOfValue() throws {
        let value = try parse(" {\"a\" : [1, -2.50e+3, true, false, null, \"x\"] , \"b\":{}, \"c\":[ ]}\r\n\t")
        #expect(value["a"]?[0]?.number?.exactInt64 == 1)
        #expect(value["a"]?[1]?.number?.text == "-2.50e+3")
        #expect(value["a"]?[2] == true)
        #expect(value["a"]?[3] == false)
        #expect(value["a"]?[4] == .null)
        #expect(value["a"]?[5] == "x")
        #expect(value["b"] == .object(JSONObject()))
        #expect(value["c"] == [])
        #expect(value.object?.names == ["a", "b", "c"])
    }

    @Test func keepsTheTextOfNumbers() throws {
        for text in ["18446744073709551615", "0.10", "-0", "1E5", "12345678901234567890123.4567890"] {
            #expect(try parse(text) == .number(try #require(JSONNumber(text: text))))
            #expect(try parse(text).octets == Array(text.utf8))
        }
    }

    @Test func unescapesStrings() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\u0000""#) == .string("\"\\/\u{8}\u{C}\n\r\tAé\u{0}"))
        #expect(try parse(#""\ud83d\ude00 \u20AC""#) == "😀 €")
        #expect(try parse(#""😀 é""#) == "😀 é")
    }

    @Test(arguments: [
        #""\ud83d""#, #""\ud83dx""#, #""\ud83d\n""#, #""\ude00""#, #""\ud83d\ud83d""#, #""\ud83dA""#,
    ])
    func refusesLoneSurrogates(text: String) {
        #expect(fault(text)?.kind == .loneSurrogate)
    }

    @Test(arguments: ["01", "-", "1.", ".5", "1e", "+1", "1e+", "0x1", "1.2.3", "--1", "NaN", "Infinity", "1_0"])
    func refusesMalformedNumbers(text: String) {
        #expect(fault(text) != nil)
    }

    @Test(arguments: [
        "", " ", "[", "{", "[1", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "\"a", "\"\\", "\"\\u00", "tru", "n",
    ])
    func refusesTextsThatEndTooEarly(text: String) {
        #expect(fault(text)?.kind == .unexpectedEnd)
    }

    @Test(arguments: [
        "[1,]", "{\"a\":1,}", "[,1]", "{,}", "{a:1}", "{'a':1}", "[1 2]", "{\"a\" 1}", "tRue", "//x\n1", "\u{FEFF}1",
    ])
    func refusesWhatOnlyLaxReadersTake(text: String) {
        guard case .unexpectedOctet = fault(text)?.kind else {
            Issue.record("\(text) gave \(String(describing: fault(text)))")
            return
        }
    }

    @Test func refusesFaultyStrings() {
        #expect(fault("\"a\nb\"")?.kind == .controlCharacter)
        #expect(fault("\"\\n\u{1}\"")?.kind == .controlCharacter)
        #expect(fault(#""\x""#)?.kind == .malformedEscape)
        #expect(fault(#""\u12G4""#)?.kind == .malformedEscape)
        #expect(fault([0x22, 0xFF, 0x22])?.kind == .invalidUTF8)
        #expect(fault([0x22, 0xC0, 0x80, 0x22])?.kind == .invalidUTF8)
        #expect(fault([0x22, 0xED, 0xA0, 0x80, 0x22])?.kind == .invalidUTF8)
        #expect(fault([0x22, 0x5C, 0x6E, 0xC3, 0x22])?.kind == .invalidUTF8)
    }

    @Test func refusesNamesThatComeTwice() {
        #expect(fault(#"{"a":1,"b":2,"a":3}"#)?.kind == .duplicateName("a"))
        #expect(fault(##"{"a":1,"\u0061":3}"##)?.kind == .duplicateName("a"))
        let many = (0..<40).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(fault("{\(many)}") == nil)
        #expect(fault("{\(many),\"k3\":1}")?.kind == .duplicateName("k3"))
        #expect(fault("{\(many),\"k39\":1}")?.kind == .duplicateName("k39"))
    }

    @Test func refusesTrailingOctets() {
        #expect(fault("1 2")?.kind == .trailingOctets)
        #expect(fault("{}}")?.kind == .trailingOctets)
        #expect(fault([0x31, 0])?.kind == .trailingOctets)
    }

    @Test func holdsItsLimits() {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(fault(deepest) == nil)
        #expect(fault("[\(deepest)]")?.kind == .tooDeep(limit: 64))
        #expect(fault(String(repeating: "[", count: 1_000_000))?.kind == .tooDeep(limit: 64))
        #expect(fault("[[],[],[],[]]", limits: JSONLimits(depth: 2)) == nil)
        #expect(fault("[1,2]", limits: JSONLimits(octets: 4))?.kind == .tooLong(limit: 4))
        #expect(fault(String(repeating: "9", count: 257))?.kind == .tooLong(limit: 256))
    }

    @Test func saysWhereTheFaultIs() throws {
        let error = try #require(fault("{\n  \"é/x\": [1, {\"ü\": tru?}]\n}"))
        #expect(error.kind == .unexpectedOctet(UInt8(ascii: "?")))
        #expect(error.line == 2)
        #expect(error.column == 23)
        #expect(error.pointer == "/é~1x/1/ü")
        #expect(error.description == "unexpected '?' at line 2, column 23, in /é~1x/1/ü")
    }

    @Test func everyPrefixOfATextIsRefused() {
        let text = Array(#"{"a":[1,true,null,"x\u00e9\n"],"b":{"c":-1.5e3}}"#.utf8)
        #expect(fault(text) == nil)
        for length in 0..<text.count { #expect(fault(Array(text[..<length])) != nil) }
    }

    @Test func readsBackWhatTheWriterWrote() throws {
        let object = try #require(
            JSONObject([
                .init(name: "text", value: "\u{0}\"\\\u{1F}é😀\n"),
                .init(name: "max", value: .integer(UInt64.max)),
                .init(name: "list", value: [nil, true, [], "x", -1]),
            ])
        )
        #expect(try JSONReader.parse(JSONValue.object(object).octets) == .object(object))
    }
}
