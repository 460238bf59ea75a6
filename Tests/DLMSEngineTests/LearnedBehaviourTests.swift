// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("What was learned about a server")
struct LearnedBehaviourTests {
    static let reads = (2...5).map { attribute(Int8($0)) }

    private func machine(_ learned: LearnedBehaviour) -> ClientMachine {
        ClientWriteListTests.machine { $0.learned = learned }
    }

    @Test("Lists that were refused before are not asked for in the next association")
    func refusedLists() {
        var learned = LearnedBehaviour()
        learned.readLists = .refused
        var machine = machine(learned)
        #expect(machine.info.lists == .refused)
        #expect(machine.perform(.get(ClientListTests.both), now: start).first == ClientListTests.single(2, invokeID: 1))
    }

    @Test("Silence on a list is doubted until a read alone is answered")
    func silence() {
        var machine = associatedMachine()
        _ = machine.perform(.get(ClientListTests.both), now: start)
        _ = machine.deadlineReached(now: start + .seconds(10))
        #expect(machine.info.learned.readLists == .unanswered)
        var next = self.machine(machine.info.learned)
        #expect(next.perform(.get(ClientListTests.both), now: start).first == ClientListTests.single(2, invokeID: 1))
        var silent = next
        _ = silent.deadlineReached(now: start + .seconds(10))
        #expect(silent.info.learned.readLists == .untried)
        _ = next.received(toClient(hex("C401C1 00 1101")), now: start)
        #expect(next.info.learned.readLists == .doubted)
    }

    @Test("Only silence on two lists, with answers in between, ends lists, and not for good")
    func silenceTwice() {
        var learned = LearnedBehaviour()
        learned.readLists = .doubted
        var second = machine(learned)
        #expect(second.perform(.get(ClientListTests.both), now: start).first == .send(ClientListTests.list))
        var working = second
        _ = working.received(toClient(hex("C403C1 02 00 1101 00 1102")), now: start)
        #expect(working.info.learned.readLists == .works)
        _ = second.deadlineReached(now: start + .seconds(10))
        #expect(second.info.learned.readLists == .silent)
        var third = machine(second.info.learned)
        #expect(
            third.perform(.get(ClientListTests.both), now: start).first == ClientListTests.single(2, invokeID: 1)
        )
        var silent = third
        _ = third.received(toClient(hex("C401C1 00 1101")), now: start)
        #expect(third.info.learned.readLists == .silent)
        _ = silent.connectionClosed()
        #expect(silent.info.learned.readLists == .doubted)
    }

    @Test("A list longer than one that worked is followed by lists of the length that worked")
    func longestList() {
        var learned = LearnedBehaviour()
        learned.readLists = .works
        learned.longestList = 2
        var machine = machine(learned)
        _ = machine.perform(.get(Self.reads), now: start)
        let first = machine.received(toClient(hex("D80202")), now: start).first
        #expect(first == .send(toServer(hex("C003C2 02 0003 0100010800FF 02 00 0003 0100010800FF 03 00"))))
        #expect(machine.info.learned.listMaximum == 2)
        let second = machine.received(toClient(hex("C403C2 02 00 1101 00 1102")), now: start).first
        #expect(second == .send(toServer(hex("C003C3 02 0003 0100010800FF 04 00 0003 0100010800FF 05 00"))))
    }

    @Test("Items at the end of a list that fail only there tell how long lists may be")
    func tooManyItems() {
        var machine = associatedMachine()
        _ = machine.perform(.get(Self.reads), now: start)
        _ = machine.received(toClient(hex("C403C1 04 00 1101 00 1102 01 0D 01 0D")), now: start)
        let next = machine.received(toClient(hex("C401C2 00 1103")), now: start)
        #expect(machine.info.learned.listMaximum == 2)
        #expect(machine.info.lists == .works)
        #expect(next.first == ClientListTests.single(5, invokeID: 3))
    }

    @Test("A known layout of long method answers settles what could be read in two ways")
    func actionBlocks() {
        var learned = LearnedBehaviour()
        learned.actionBlockContent = .outcome
        var machine = machine(learned)
        _ = machine.perform(.action(ClientWriteListTests.method(1), nil), now: start)
        let ambiguous = toClient(hex("C702C1 01 00000001 03 0D0100"))
        _ = machine.received(ambiguous, now: start)
        var fresh = associatedMachine()
        _ = fresh.perform(.action(ClientWriteListTests.method(1), nil), now: start)
        _ = fresh.received(toClient(hex("C702C1 01 00000001 05 00 01 00 1105")), now: start)
        #expect(fresh.info.learned.actionBlockContent == .outcome)
    }

    @Test("Blocks that bring nothing end a transfer")
    func emptyBlocks() {
        var machine = associatedMachine()
        _ = machine.perform(.get([attribute()]), now: start)
        var failed: [ClientAction] = []
        for number in 1...17 as ClosedRange<UInt8> {
            failed = machine.received(toClient(hex("C402C1 00 000000") + [number, 0, 0]), now: start)
        }
        #expect(failed.contains(.failed(.blockTransfer(.noProgress(turns: 17)))))
    }
}
