// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import Testing

private enum Framing: String, CaseIterable {
    case wrapper
    case hdlc
}

@Suite struct JSONMembersTests {
    private func members(_ text: String, at pointer: JSONPointer = .root) throws -> JSONMembers {
        try JSONMembers(JSONReader.parse(Array(text.utf8)), at: pointer)
    }

    private func fault(_ body: () throws -> Void) -> JSONMemberError? {
        do {
            try body()
            return nil
        } catch {
            return error as? JSONMemberError
        }
    }

    @Test func givesTypedMembers() throws {
        var view = try members(
            #"{"s":"x","b":true,"i":5,"n":1.5,"f":"hdlc","a":["p","q"],"o":{"k":1},"v":null}"#
        )
        #expect(try view.requiredString("s") == "x")
        #expect(try view.requiredBool("b"))
        #expect(try view.requiredInteger("i", in: 1...9) == 5)
        #expect(try view.optionalNumber("n")?.text == "1.5")
        #expect(try view.requiredChoice("f", of: Framing.self) == .hdlc)
        #expect(try view.optionalStrings("a") == ["p", "q"])
        var inner = try view.requiredMembers("o")
        #expect(try inner.requiredInteger("k") as UInt8 == 1)
        try inner.finish()
        #expect(view.optionalValue("v") == .null)
        #expect(try view.optionalString("absent") == nil)
        try view.finish()
    }

    @Test func nullCountsAsAbsent() throws {
        var view = try members(#"{"a":null}"#)
        #expect(try view.optionalString("a") == nil)
        #expect(fault { _ = try view.requiredString("a") }?.kind == .missingMember(name: "a"))
    }

    @Test func refusesUnknownMembersWithTheNearestName() throws {
        var view = try members(#"{"dryrum":true}"#, at: "/order")
        _ = try view.optionalBool("dryRun")
        _ = try view.optionalString("reason")
        let error = try #require(fault { try view.finish() })
        #expect(error.kind == .unknownMember(name: "dryrum", suggestion: "dryRun", known: ["dryRun", "reason"]))
        #expect(error.pointer == "/order/dryrum")
    }

    @Test func saysWhatIsWrongAndWhere() throws {
        var view = try members(#"{"s":1,"i":300,"h":1.5,"f":"hdlk","a":["x",2]}"#)
        #expect(
            fault { _ = try view.requiredString("s") }
                == JSONMemberError(.wrongKind(expected: "a string", found: "a number"), at: "/s")
        )
        #expect(
            fault { let _: UInt8 = try view.requiredInteger("i") }
                == JSONMemberError(.outOfRange(allowed: "an integer from 0 to 255"), at: "/i")
        )
        #expect(
            fault { let _: Int = try view.requiredInteger("h", in: 0...2) }?.kind
                == .outOfRange(allowed: "an integer from 0 to 2")
        )
        #expect(
            fault { _ = try view.requiredChoice("f", of: Framing.self) }
                == JSONMemberError(.invalid(expected: "one of wrapper, hdlc", suggestion: "hdlc"), at: "/f")
        )
        #expect(fault { _ = try view.optionalStrings("a") }?.pointer == "/a/1")
        #expect(fault { _ = try JSONMembers([1]) }?.kind == .wrongKind(expected: "an object", found: "an array"))
    }
}

@Suite struct NearestTests {
    private let names = ["dryRun", "expectedState", "reason", "scaler_unit", "value"]

    @Test(arguments: [
        ("dryrum", "dryRun"), ("dyrRun", "dryRun"), ("expected_state", "expectedState"), ("reson", "reason"),
        ("scaler-unit", "scaler_unit"), ("valeu", "value"),
    ])
    func findsWhatWasMeant(word: String, meant: String) {
        #expect(nearest(word, in: names) == meant)
    }

    @Test func findsNothingWhenNothingIsNear() {
        #expect(nearest("xyz", in: names) == nil)
        #expect(nearest("", in: names) == nil)
        #expect(nearest("a", in: ["b"]) == nil)
        #expect(nearest(String(repeating: "v", count: 100_000), in: names) == nil)
    }
}
