// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import HTTPKit
import Testing

private func headers(_ fields: (String, String)...) -> HTTPHeaders {
    HTTPHeaders(fields.map { .init(name: $0.0, value: $0.1) })
}

@Suite struct HTTPHeadersTests {
    @Test func namesCompareWithoutCase() {
        var headers = headers(("Accept", "a"), ("ACCEPT", "b"), ("X", "c"))
        #expect(headers["accept"] == "a")
        #expect(headers.all("Accept") == ["a", "b"])
        headers.set("aCCept", "d")
        #expect(headers.all("accept") == ["d"])
        headers.remove("x")
        #expect(headers["X"] == nil)
    }

    @Test func listsKeepQuotedCommasTogether() {
        let headers = headers(("If-Match", "\"a,b\" , W/\"c\""), ("If-Match", "\"d\\\",e\",,"))
        #expect(headers.list("if-match") == ["\"a,b\"", "W/\"c\"", "\"d\\\",e\""])
    }

    @Test func givesDirectives() {
        let headers = headers(
            ("Cache-Control", "max-age=5, No-Cache"),
            ("Prefer", "wait = 20;x=1, respond-async, a=\"q\\\"r\"")
        )
        #expect(
            headers.directives("cache-control") == [
                HTTPDirective(name: "max-age", value: "5"), HTTPDirective(name: "no-cache"),
            ]
        )
        #expect(
            headers.directives("prefer") == [
                HTTPDirective(name: "wait", value: "20"), HTTPDirective(name: "respond-async"),
                HTTPDirective(name: "a", value: "q\"r"),
            ]
        )
    }

    @Test func seesWhatWouldBreakOutOfAHeader() {
        #expect(headers(("X-A", "plain \t é")).areWellFormed)
        for (name, value) in [
            ("X", "a\r\nb"), ("X", "a\nb"), ("X", "a\u{0}b"), ("X Y", "a"), ("", "a"), ("X:", "a"), ("é", "a"),
        ] {
            #expect(!headers((name, value)).areWellFormed)
        }
        var changing = headers(("X", "a"))
        changing.add("Y", "b\n")
        #expect(!changing.areWellFormed)
        changing.set("X", "c")
        #expect(!changing.areWellFormed)
        changing.set("Y", "d")
        #expect(changing.areWellFormed)
        // Wherever it stands in a value.
        for octet in UInt8(0)...0x7F {
            let isAllowed = octet == 0x09 || (octet >= 0x20 && octet != 0x7F)
            for place in 0..<20 {
                let padding = String(repeating: "é", count: place)
                let value = padding + String(decoding: [octet], as: UTF8.self) + "0123456789"
                #expect(headers(("X", value)).areWellFormed == isAllowed)
            }
        }
    }

    @Test func choosesTheBestOffer() {
        let offers = ["application/json", "text/csv"]
        func best(_ accept: String) -> String? { MediaType.best(of: offers, for: headers(("Accept", accept))) }
        #expect(MediaType.best(of: offers, for: headers()) == "application/json")
        #expect(best("*/*") == "application/json")
        #expect(best("text/html, */*;q=0.1") == "application/json")
        #expect(best("text/csv, application/json") == "application/json")
        #expect(best("text/csv;q=0.9, application/json;q=0.8") == "text/csv")
        #expect(best("application/*;q=0.2, TEXT/CSV;q=0.3") == "text/csv")
        #expect(best("*/*, application/json;q=0") == "text/csv")
        #expect(best("application/json;q=0") == nil)
        #expect(best("image/png") == nil)
        #expect(best("") == "application/json")
    }

    @Test func comparesEntityTags() {
        let weak = EntityTag("v1", isWeak: true)
        let strong = EntityTag("v1")
        #expect(weak.description == "W/\"v1\"")
        #expect(weak.matchesIfNoneMatch(headers(("If-None-Match", "\"x\", \"v1\""))))
        #expect(strong.matchesIfNoneMatch(headers(("If-None-Match", "*"))))
        #expect(!strong.matchesIfNoneMatch(headers(("If-None-Match", "v1"))))
        #expect(!strong.matchesIfNoneMatch(headers()))
        #expect(strong.matchesIfMatch(headers(("If-Match", "\"v1\""))) == true)
        #expect(weak.matchesIfMatch(headers(("If-Match", "W/\"v1\""))) == false)
        #expect(strong.matchesIfMatch(headers(("If-Match", "\"v2\""))) == false)
        #expect(strong.matchesIfMatch(headers()) == nil)
    }
}

private enum Form: String, CaseIterable {
    case friendly
    case typed
}

@Suite struct HTTPQueryTests {
    @Test func unescapesNamesAndValues() throws {
        let query = try HTTPTarget("/?a=x+y&b%20c=%2B&&flag&time=2026-11-22T00:00:00+01:00&e==").query
        #expect(try query.single("a") == "x y")
        #expect(try query.single("b c") == "+")
        #expect(try query.bool("flag") == true)
        #expect(try query.bool("none") == nil)
        #expect(try query.singleLiteral("time") == "2026-11-22T00:00:00+01:00")
        #expect(try query.single("e") == "=")
    }

    @Test func givesChoicesWithTheNearestWord() throws {
        #expect(try HTTPTarget("/?form=typed").query.choice("form", of: Form.self) == .typed)
        let query = try HTTPTarget("/?form=typd").query
        let problem = #expect(throws: Problem.self) { try query.choice("form", of: Form.self) }
        #expect(problem?.members["suggestion"] == "typed")
        #expect(problem?.members["parameter"] == "form")
    }
}
