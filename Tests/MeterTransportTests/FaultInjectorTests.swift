// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import MeterTransport
import Testing

@Suite struct FaultInjectorTests {
    private let message: [UInt8] = [1, 2, 3, 4, 5, 6]

    private func sent(_ outcome: FaultInjector.Outcome) -> [[UInt8]] {
        outcome.steps.compactMap { if case .send(let octets) = $0 { octets } else { nil } }
    }

    @Test func withoutFaultsEverythingPassesAsItIs() {
        var injector = FaultInjector()
        #expect(injector.isTransparent)
        #expect(injector.answered(message, at: .zero).steps == [.send(message)])
        #expect(injector.requested(message, at: .zero).steps == [.deliver(message)])
        #expect(injector.connected(at: .zero).steps.isEmpty)
    }

    @Test func everySeventhAnswerIsLostAndTheOthersAreNot() {
        var injector = FaultInjector([Fault(.loss, when: .init(every: 7))])
        let lost = (1...21).filter { _ in injector.answered(message, at: .zero).steps.isEmpty }
        #expect(lost == [7, 14, 21])
        #expect(injector.happened == [.loss: 3])
    }

    @Test func afterAndTimesBoundAFault() {
        var injector = FaultInjector([Fault(.loss, when: .init(after: 2, times: 3))])
        let lost = (1...10).filter { _ in injector.answered(message, at: .zero).steps.isEmpty }
        #expect(lost == [3, 4, 5])
    }

    @Test func aFaultOfRequestsLeavesAnswersAlone() {
        var injector = FaultInjector([Fault(.loss, to: .requests)])
        #expect(injector.answered(message, at: .zero).steps == [.send(message)])
        let outcome = injector.requested(message, at: .zero)
        #expect(outcome.steps.isEmpty)
        #expect(outcome.faults == [.loss])
    }

    @Test func silenceHoldsFromItsStartToItsEndBothWays() {
        var injector = FaultInjector([Fault(.silence, when: .init(from: .seconds(10), until: .seconds(20)))])
        for (second, passes) in [(9, true), (10, false), (19, false), (20, true)] {
            #expect(injector.requested(message, at: .seconds(second)).steps.isEmpty != passes)
            #expect(injector.answered(message, at: .seconds(second)).steps.isEmpty != passes)
        }
    }

    @Test func aFaultIsLimitedToItsPhases() {
        let phases = ScenarioPhases(
            [.init(name: "calm", length: .seconds(5)), .init(name: "storm", length: .seconds(2))],
            isRepeated: true
        )
        var injector = FaultInjector([Fault(.loss, when: .init(phases: ["storm"]))], phases: phases)
        for (second, passes) in [(0, true), (5, false), (6, false), (7, true), (12, false), (14, true)] {
            #expect(injector.answered(message, at: .seconds(second)).steps.isEmpty != passes, "at \(second) s")
        }
    }

    @Test func phasesTellWhenTheyEnd() {
        var phases = ScenarioPhases([.init(name: "a", length: .seconds(5)), .init(name: "b", length: nil)])
        #expect(phases.phase(at: .seconds(4)) == ("a", .seconds(5)))
        #expect(phases.phase(at: .seconds(500)) == ("b", nil))
        phases = ScenarioPhases([.init(name: "a", length: .seconds(5))])
        #expect(phases.phase(at: .seconds(6)) == (nil, nil))
        phases.isRepeated = true
        #expect(phases.phase(at: .seconds(6)) == ("a", .seconds(10)))
    }

    @Test func equalSeedsGiveEqualRunsAndOthersDoNot() {
        func run(seed: UInt64) -> [FaultInjector.Outcome] {
            var injector = FaultInjector(
                [
                    Fault(.loss, when: .init(probability: 0.3)),
                    Fault(.corruption(octets: 2), when: .init(probability: 0.5)),
                ],
                seed: seed
            )
            return (0..<50).map { _ in injector.answered(message, at: .zero) }
        }
        #expect(run(seed: 4) == run(seed: 4))
        #expect(run(seed: 4) != run(seed: 5))
    }

    @Test func aFaultMoreDoesNotChangeWhatTheOthersDraw() {
        let loss = Fault(.loss, when: .init(probability: 0.3))
        var alone = FaultInjector([loss], seed: 9)
        var beside = FaultInjector([loss, Fault(.noise(octets: 3), when: .init(probability: 0.5))], seed: 9)
        for _ in 0..<50 {
            let lost = alone.answered(message, at: .zero).faults.contains(.loss)
            #expect(beside.answered(message, at: .zero).faults.contains(.loss) == lost)
        }
    }

    @Test func corruptionChangesAsManyOctetsAsToldAndKeepsTheLength() {
        var injector = FaultInjector([Fault(.corruption(octets: 2))])
        for _ in 0..<100 {
            let octets = sent(injector.answered(message, at: .zero))
            #expect(octets.count == 1)
            #expect(octets.first?.count == message.count)
            #expect(zip(octets.first ?? [], message).count { $0 != $1 } == 2)
        }
    }

    @Test func copiesFollowTheMessageOneByOne() {
        var injector = FaultInjector([Fault(.duplication(copies: 2))])
        #expect(sent(injector.answered(message, at: .zero)) == [message, message, message])
    }

    @Test func aCutLeavesTheBeginningAndCloses() {
        var injector = FaultInjector([Fault(.cut(octets: 4))])
        #expect(injector.answered(message, at: .zero).steps == [.send([1, 2, 3, 4]), .close])
        injector = FaultInjector([Fault(.truncation(octets: nil))])
        for _ in 0..<50 {
            let kept = sent(injector.answered(message, at: .zero)).first?.count ?? 0
            #expect((1...5).contains(kept))
        }
    }

    @Test func endingsTakeThePlaceOfTheMessage() {
        for (effect, step) in [
            (Fault.Effect.closing, LineStep.close), (.reset, .reset), (.halfOpen, .freeze),
        ] {
            var injector = FaultInjector([Fault(effect)])
            #expect(injector.answered(message, at: .zero).steps == [step])
        }
    }

    @Test func aRefusedConnectionIsClosed() {
        var injector = FaultInjector([Fault(.refusal, when: .init(every: 2))])
        #expect(injector.connected(at: .zero).steps.isEmpty)
        #expect(injector.connected(at: .zero).steps == [.close])
    }

    @Test func theEchoComesBeforeTheMeterHears() {
        var injector = FaultInjector([Fault(.echo)])
        #expect(injector.requested(message, at: .zero).steps == [.send(message), .deliver(message)])
        #expect(injector.answered(message, at: .zero).steps == [.send(message)])
    }

    @Test func noiseComesBeforeTheMessage() {
        var injector = FaultInjector([Fault(.noise(octets: 5))])
        let octets = sent(injector.answered(message, at: .zero))
        #expect(octets.map(\.count) == [5, 6])
        #expect(octets.last == message)
    }

    @Test func aTrickleSpreadsTheOctets() {
        var injector = FaultInjector([Fault(.trickle(octetTime: .milliseconds(50)))])
        let steps = injector.answered([1, 2], at: .zero).steps
        #expect(steps == [.pause(.milliseconds(50)), .send([1]), .pause(.milliseconds(50)), .send([2])])
    }

    @Test func delayHasAFixedAndARandomPart() {
        var injector = FaultInjector([Fault(.delay(.milliseconds(100), jitter: .milliseconds(50)))])
        for _ in 0..<50 {
            guard case .pause(let time) = injector.answered(message, at: .zero).steps.first else {
                Issue.record("no pause")
                return
            }
            #expect(time >= .milliseconds(100) && time < .milliseconds(150))
        }
    }

    @Test func theWrongChecksumIsThatOfTheFrame() {
        var injector = FaultInjector([Fault(.wrongChecksum)])
        let frame: [UInt8] = [0x7E, 0xA0, 0x07, 0x03, 0x21, 0x93, 0x0F, 0x01, 0x7E]
        let block: [UInt8] = [0x02, 0x41, 0x03, 0x42]
        let changedFrame = sent(injector.answered(frame, at: .zero)).first ?? []
        #expect(zip(changedFrame, frame).enumerated().filter { $1.0 != $1.1 }.map(\.offset) == [7])
        let changedBlock = sent(injector.answered(block, at: .zero)).first ?? []
        #expect(zip(changedBlock, block).enumerated().filter { $1.0 != $1.1 }.map(\.offset) == [3])
        #expect(sent(injector.answered(message, at: .zero)) == [message])
    }

    @Test func at300BaudEveryOctetTakesATenthOfAThirdOfASecond() {
        var injector = FaultInjector(pacing: LinePacing(baud: 300))
        let octet = Duration.nanoseconds(33_333_333)
        #expect(injector.answered([1, 2], at: .zero).steps == [.pause(octet), .send([1]), .pause(octet), .send([2])])
        #expect(injector.requested([1, 2, 3], at: .zero).steps == [.pause(.milliseconds(100)), .deliver([1, 2, 3])])
        injector.pacing = LinePacing(baud: 9600)
        let lots = sent(injector.answered([UInt8](repeating: 0, count: 50), at: .zero)).map(\.count)
        #expect(lots == [19, 19, 12])
    }
}
