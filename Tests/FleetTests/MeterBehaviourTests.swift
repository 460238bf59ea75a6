// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText
import Testing
import Timekeeping

@testable import Fleet

@Suite("How meters behave")
struct MeterBehaviourTests {
    @Test func `Every line of the table of models can be read`() {
        #expect(MeterModelCatalog.standard.unreadable == [])
        #expect(MeterModelCatalog.standard.model("generic")?.quirks == [:])
    }

    @Test func `No two options have the same name and each has a full sentence`() {
        #expect(Set(Quirk.all.map(\.name)).count == Quirk.all.count)
        for quirk in Quirk.all { #expect(quirk.summary.hasSuffix(".")) }
    }

    @Test(arguments: Quirk.all.map(\.name))
    func `An option changes the behaviour and nothing else does`(name: String) throws {
        let quirk = try #require(Quirk.named(name))
        let standard = quirk.value(in: MeterBehaviour())
        for value in Self.samples(of: quirk.form) where value != standard {
            var behaviour = MeterBehaviour()
            #expect(quirk.apply(value, to: &behaviour))
            #expect(quirk.value(in: behaviour) == value)
            for other in Quirk.all where other.name != name {
                #expect(other.value(in: behaviour) == other.value(in: MeterBehaviour()))
            }
        }
        var behaviour = MeterBehaviour()
        for value in [QuirkValue.text("no such word"), .integer(-1), .decimal(try Self.half())] {
            #expect(!quirk.apply(value, to: &behaviour))
        }
        #expect(behaviour == MeterBehaviour())
    }

    @Test func `The meter's own option wins over its model's and what was learned over both`() {
        let model = MeterModel(
            id: "m",
            name: "M",
            sources: [],
            notes: [],
            quirks: ["withListMaximum": .integer(8), "release": .bool(false), "scalers": .text("live")]
        )
        let moment = Timestamp(seconds: 1_700_000_000)
        let effective = EffectiveBehaviour(
            model: model,
            meter: ["withListMaximum": .integer(4), "release": .bool(true)],
            learned: [LearnedQuirk(name: "withListMaximum", value: .integer(1), learnedAt: moment)]
        )
        #expect(effective.behaviour.withListMaximum == 1)
        #expect(effective.origin(of: "withListMaximum") == .learned(moment))
        #expect(effective.behaviour.release)
        #expect(effective.origin(of: "release") == .meter)
        #expect(effective.behaviour.scalers == .live)
        #expect(effective.origin(of: "scalers") == .model)
        #expect(effective.origin(of: "rangeStart") == .standard)
    }

    @Test func `A misspelt option is refused with the nearest name`() throws {
        let fault = try Self.fault(of: ["deviatonSign": .text("inverted")])
        #expect(fault.pointer.text == "/quirks/deviatonSign")
        #expect(
            fault.kind
                == .unknownMember(name: "deviatonSign", suggestion: "deviationSign", known: Quirk.all.map(\.name))
        )
    }

    @Test(arguments: [
        ("withListMaximum", QuirkValue.integer(0)), ("withListMaximum", .text("4")), ("release", .integer(1)),
        ("deviationSign", .integer(-1)), ("rangeStep", .integer(0)), ("serverSystemTitle", .text("4B414D")),
        ("mbusMethodOffset", .integer(3)),
    ])
    func `A value that an option does not take is refused`(name: String, value: QuirkValue) throws {
        #expect(try Self.fault(of: [name: value]).pointer.text == "/quirks/\(name)")
    }

    private static func fault(of quirks: [String: QuirkValue]) throws -> JSONMemberError {
        let id = try #require(ChannelID("line"))
        let configuration = MeterConfiguration(channel: .shared(id), quirks: quirks)
        return try #require(throws: JSONMemberError.self) { try configuration.checkQuirks() }
    }

    private static func half() throws -> JSONNumber {
        try #require(try JSONReader.parse(Array("0.5".utf8)).number)
    }

    private static func samples(of form: Quirk.Form) -> [QuirkValue] {
        switch form {
        case .flag: [.bool(true), .bool(false)]
        case .integer(let range): [.integer(range.lowerBound), .integer(range.upperBound)]
        case .oneOf(let numbers): numbers.map { .integer($0) }
        case .word(let words): words.map { .text($0) }
        case .octets(let count): [.text(String(repeating: "A7", count: count))]
        }
    }
}
