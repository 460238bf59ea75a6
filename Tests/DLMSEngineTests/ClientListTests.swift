// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client reads lists")
struct ClientListTests {
    static let both = [attribute(2), attribute(3)]
    static let list = toServer(hex("C003C1 02 0003 0100010800FF 02 00 0003 0100010800FF 03 00"))

    /// The request for attribute 2 or 3 alone.
    static func single(_ index: UInt8, invokeID: UInt8) -> ClientAction {
        .send(toServer([0xC0, 1, 0xC0 | invokeID] + hex("0003 0100010800FF") + [index, 0]))
    }

    private func asking() -> ClientMachine {
        var machine = associatedMachine()
        #expect(machine.perform(.get(Self.both), now: start).first == .send(Self.list))
        return machine
    }

    /// Answers the two single requests that follow a refused list.
    private func finishOneByOne(_ machine: inout ClientMachine) {
        #expect(
            machine.received(toClient(hex("C401C2 00 1101")), now: start).first == Self.single(3, invokeID: 3)
        )
        #expect(
            machine.received(toClient(hex("C401C3 01 04")), now: start) == [
                .deadline(nil), .completed(.get([.data([0x11, 1]), .failure(.objectUndefined)])),
            ]
        )
        #expect(machine.info.lists == .refused)
        // The next list is not tried any more.
        #expect(machine.perform(.get(Self.both), now: start).first == Self.single(2, invokeID: 4))
    }

    @Test("Several attributes share a request, each with its result")
    func list() {
        var machine = asking()
        #expect(
            machine.received(toClient(hex("C403C1 02 00 1101 01 04")), now: start) == [
                .deadline(nil), .completed(.get([.data([0x11, 1]), .failure(.objectUndefined)])),
            ]
        )
        #expect(machine.info.lists == .works)
    }

    @Test("A list in blocks is put together")
    func blocks() {
        var machine = asking()
        #expect(
            machine.received(toClient(hex("C402C1 00 00000001 00 03 020011")), now: start).first
                == .send(toServer(hex("C002C1 00000001")))
        )
        #expect(
            machine.received(toClient(hex("C402C1 01 00000002 00 03 010104")), now: start) == [
                .deadline(nil), .completed(.get([.data([0x11, 1]), .failure(.objectUndefined)])),
            ]
        )
    }

    @Test(
        "A list that is refused or answered wrongly is read one by one, and so are lists after it",
        arguments: [
            "D80202", "0E050302", "C401C1 01 0D", "C402C1 01 00000001 01 0E", "C403C1 01 00 1101", "C403C1 02 00 1101",
        ]
    )
    func refusal(answer: String) {
        var machine = asking()
        #expect(machine.received(toClient(hex(answer)), now: start).first == Self.single(2, invokeID: 2))
        finishOneByOne(&machine)
    }

    @Test("An item refused for its scope is tried alone, and lists are given up when that helps")
    func scopeOfAccess() {
        var machine = asking()
        #expect(
            machine.received(toClient(hex("C403C1 02 00 1101 01 0D")), now: start).first == Self.single(3, invokeID: 2)
        )
        #expect(
            machine.received(toClient(hex("C401C2 00 1102")), now: start) == [
                .deadline(nil), .completed(.get([.data([0x11, 1]), .data([0x11, 2])])),
            ]
        )
        #expect(machine.info.lists == .refused)
    }

    @Test("A list of which all items fail is checked with its first item only")
    func allFailed() {
        var machine = asking()
        #expect(
            machine.received(toClient(hex("C403C1 02 01 04 01 03")), now: start).first == Self.single(2, invokeID: 2)
        )
        #expect(
            machine.received(toClient(hex("C401C2 01 04")), now: start) == [
                .deadline(nil), .completed(.get([.failure(.objectUndefined), .failure(.readWriteDenied)])),
            ]
        )
        #expect(machine.info.lists == .works)
    }

    @Test("Lists are not used unless agreed")
    func notNegotiated() {
        var machine = associatedMachine(
            hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000181D04000007")
        )
        #expect(machine.info.lists == .notNegotiated)
        #expect(machine.perform(.get(Self.both), now: start).first == Self.single(2, invokeID: 1))
    }

    @Test("An association without the service fails a list like anything else")
    func lostAssociation() {
        var machine = asking()
        #expect(machine.received(toClient(hex("D80101")), now: start).last == .close)
    }

    @Test("Profile buffers and object lists are read alone")
    func longValues() {
        var machine = associatedMachine()
        let profile = attribute(2, of: "1.0.99.1.0.255", class: 7)
        let first = machine.perform(.get([profile, attribute(2)]), now: start).first
        #expect(first == .send(toServer(hex("C001C1 0007 0100630100FF 02 00"))))
    }
}
