// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import Testing
import Timekeeping

@testable import GatewayCore

@Suite("Learned quirks")
struct LearnedQuirkTests {
    private static let moment = Timestamp(seconds: 1_800_000_000)

    private static func values(_ learned: LearnedBehaviour) -> [String: QuirkValue] {
        Dictionary(learned.quirks(at: moment).map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    @Test func `Refused lists and shrunk requests become options of the meter`() {
        var learned = LearnedBehaviour()
        learned.readLists = .refused
        learned.requestLimit = 128
        learned.actionBlockContent = .returnedData
        #expect(
            Self.values(learned) == [
                "withListMaximum": .integer(1), "maxSendPDU": .integer(128), "actionBlockContent": .text("data"),
            ]
        )
        for quirk in learned.quirks(at: Self.moment) { #expect(Quirk.named(quirk.name) != nil) }
    }

    @Test func `A list that was too long sets the most items, and silence sets nothing`() {
        var learned = LearnedBehaviour()
        learned.readLists = .works
        learned.listMaximum = 4
        #expect(Self.values(learned) == ["withListMaximum": .integer(4)])
        for silence in [LearnedBehaviour.Support.unanswered, .doubted, .silent] {
            learned = LearnedBehaviour()
            learned.readLists = silence
            #expect(learned.quirks(at: Self.moment) == [])
        }
    }

    @Test func `What the configuration says already is no news`() {
        var learned = LearnedBehaviour()
        learned.readLists = .refused
        let quirks = learned.quirks(at: Self.moment)
        #expect(EffectiveBehaviour().news(in: quirks) == quirks)
        #expect(EffectiveBehaviour(meter: ["withListMaximum": .integer(1)]).news(in: quirks) == [])
    }
}
