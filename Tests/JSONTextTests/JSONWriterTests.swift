// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

private func written(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    body(&writer)
    return String(decoding: writer.octets, as: UTF8.self)
}

@Suite struct JSONWriterTests {
    @Test func placesCommasAndColons() {
        let text = written { writer in
            writer.beginObject()
            writer.member("a", 1)
            writer.name("b")
            writer.beginArray()
            writer.integer(1)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.endArray()
            writer.null()
            writer.endArray()
            writer.member("c", true)
            writer.endObject()
        }
        #expect(text == #"{"a":1,"b":[1,{},[],null],"c":true}"#)
    }

    @Test func writesAnObjectForEachItem() {
        let text = written { writer in
            writer.beginObject()
            writer.member("items", [1, 2]) { item, writer in
                writer.member("id", item)
                writer.member("parts", 0..<item - 1) { part, writer in writer.member("part", part) }
            }
            writer.member("none", [Int]()) { _, _ in }
            writer.endObject()
        }
        #expect(text == #"{"items":[{"id":1,"parts":[]},{"id":2,"parts":[{"part":0}]}],"none":[]}"#)
    }

    @Test func escapesOnlyWhatMustBeEscaped() {
        #expect(written { $0.string("a\"b\\c/d") } == #""a\"b\\c/d""#)
        #expect(written { $0.string("\u{8}\t\n\u{C}\r\u{0}\u{1F}\u{7F}") } == "\"\\b\\t\\n\\f\\r\\u0000\\u001f\u{7F}\"")
        #expect(written { $0.string("meraè \u{2028} 😀") } == "\"meraè \u{2028} 😀\"")
        #expect(written { $0.string("abc".dropFirst()) } == #""bc""#)
        let dynamic = "a\"" + String("b")
        #expect(
            written {
                $0.beginObject()
                $0.name(dynamic)
                $0.integer(1)
                $0.endObject()
            } == #"{"a\"b":1}"#
        )
    }

    @Test func repairsOctetsThatAreNotUTF8() {
        #expect(written { $0.string(utf8: [0x41, 0xFF, 0x42]) } == "\"A\u{FFFD}B\"")
        #expect(written { $0.string(utf8: [0x41, 0x22]) } == #""A\"""#)
        #expect(written { $0.string(utf8: [0xC3, 0xA9]) } == "\"é\"")
    }

    @Test func writesIntegersOfAnyWidthExactly() {
        #expect(written { $0.integer(UInt64.max) } == "18446744073709551615")
        #expect(written { $0.integer(Int64.min) } == "-9223372036854775808")
        #expect(written { $0.integer(Int8.min) } == "-128")
        #expect(written { $0.integer(0) } == "0")
        #expect(written { $0.integer(UInt128.max) } == "340282366920938463463374607431768211455")
        #expect(written { $0.integer(Int128.min) } == "-170141183460469231731687303715884105728")
    }

    @Test func writesNumbersShortestAndNeverNonFinite() {
        #expect(written { $0.number(230.1) } == "230.1")
        #expect(written { $0.number(1.0) } == "1")
        #expect(written { $0.number(Float(0.1)) } == "0.1")
        #expect(written { $0.number(1e300) } == "1e+300")
        #expect(written { $0.number(Double.nan) } == "null")
        #expect(written { $0.number(-Double.infinity) } == "null")
        #expect(written { $0.number(text: "12345.67") } == "12345.67")
    }

    @Test func writesAbsentMembersAsNull() {
        let text = written { writer in
            writer.beginObject()
            writer.member("s", nil as String?)
            writer.member("i", nil as Int?)
            writer.member("b", nil as Bool?)
            writer.member("l", ["x", "y"])
            writer.endObject()
        }
        #expect(text == #"{"s":null,"i":null,"b":null,"l":["x","y"]}"#)
    }

    @Test func handsOutPiecesThatJoinToTheWhole() {
        var writer = JSONWriter()
        var pieces: [UInt8] = []
        writer.beginArray()
        for number in 0..<3 {
            writer.integer(number)
            pieces += writer.takeOctets()
            #expect(writer.octets.isEmpty)
        }
        #expect(writer.depth == 1)
        writer.endArray()
        pieces += writer.takeOctets()
        #expect(writer.depth == 0)
        #expect(String(decoding: pieces, as: UTF8.self) == "[0,1,2]")
    }

    @Test func startsAnewAfterEachLine() {
        #expect(
            written {
                $0.integer(1)
                $0.endLine()
                $0.raw([0x7B, 0x7D])
                $0.endLine()
            } == "1\n{}\n"
        )
    }
}
