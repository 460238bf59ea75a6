// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client writes and invokes")
struct ClientWriteTests {
    /// The acceptance of a server with a max PDU size of 40 octets.
    static let small = hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D00280007")
    /// The same without block transfer.
    static let smallWithoutBlocks = hex(
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000001D00280007"
    )
    /// An octet-string of 44 octets with its tag and length.
    static let long = DLMSData.octetString((1...42).map { UInt8($0) })
    static let method = MethodDescriptor(classID: 70, instanceID: OBISCode(0, 0, 96, 3, 10, 255), methodID: 1)

    private func failure(_ error: EngineError) -> [ClientAction] {
        [.deadline(nil), .failed(error), .close]
    }

    @Test("Attributes are written one after the other")
    func writes() {
        var machine = associatedMachine()
        let writes = [
            AttributeWrite(attribute(2), value: .unsigned(7)), AttributeWrite(attribute(3), value: .nullData),
        ]
        #expect(
            machine.perform(.set(writes), now: start) == [
                .send(toServer(hex("C101C1 0003 0100010800FF 02 00 1107"))), .deadline(start + .seconds(10)),
            ]
        )
        #expect(
            machine.received(toClient(hex("C501C1 03")), now: start).first
                == .send(toServer(hex("C101C2 0003 0100010800FF 03 00 00")))
        )
        #expect(
            machine.received(toClient(hex("C501C2 00 FFFF")), now: start) == [
                .deadline(nil), .completed(.set([.readWriteDenied, .success])),
            ]
        )
    }

    @Test("A long value is written in blocks that fit")
    func longWrite() {
        var machine = associatedMachine(Self.small)
        let octets = Self.long.octets
        let actions = machine.perform(.set([AttributeWrite(attribute(2), value: Self.long)]), now: start)
        // 40 octets: 10 of the attribute and 11 around it leave 19 for the value.
        #expect(
            actions.first
                == .send(
                    toServer(hex("C102C1 0003 0100010800FF 02 00 00 00000001 13") + octets[0..<19])
                )
        )
        #expect(
            machine.received(toClient(hex("C502C1 00000001")), now: start).first
                == .send(toServer(hex("C103C1 01 00000002 19") + octets[19...]))
        )
        #expect(
            machine.received(toClient(hex("C503C1 00 00000002")), now: start) == [
                .deadline(nil), .completed(.set([.success])),
            ]
        )
    }

    @Test("A server that refuses in the middle of a long write ends it with a result")
    func refusedLongWrite() {
        var machine = associatedMachine(Self.small)
        _ = machine.perform(.set([AttributeWrite(attribute(2), value: Self.long)]), now: start)
        #expect(
            machine.received(toClient(hex("C501C1 0C")), now: start) == [
                .deadline(nil), .completed(.set([.typeUnmatched])),
            ]
        )
    }

    @Test("The acknowledgement of another block ends the connection")
    func wrongAcknowledgement() {
        var machine = associatedMachine(Self.small)
        _ = machine.perform(.set([AttributeWrite(attribute(2), value: Self.long)]), now: start)
        #expect(
            machine.received(toClient(hex("C502C1 00000002")), now: start)
                == failure(.blockTransfer(.number(expected: 1, received: 2)))
        )
    }

    @Test("A request that fits nowhere is refused before anything is sent")
    func tooLong() {
        var machine = associatedMachine(Self.smallWithoutBlocks)
        let write = AttributeWrite(attribute(2), value: Self.long)
        #expect(
            machine.perform(.set([write]), now: start) == [
                .deadline(nil), .failed(.requestTooLong(octets: 57, limit: 40)),
            ]
        )
        #expect(
            machine.perform(.action(Self.method, Self.long), now: start) == [
                .deadline(nil), .failed(.requestTooLong(octets: 57, limit: 40)),
            ]
        )
        #expect(machine.isReady)
    }

    @Test("A server without a limit gets long values whole; an absurd limit is raised")
    func limits() {
        func limit(_ size: UInt16) -> Int {
            AssociationInfo(conformance: [], serverMaxReceivePDUSize: size).requestLimit
        }
        #expect(limit(0) == 65_535)
        #expect(limit(3) == 40)
        #expect(limit(1024) == 1024)
    }

    @Test("A write without an answer fails with what was awaited")
    func writeTimeout() {
        var machine = associatedMachine()
        _ = machine.perform(.set([AttributeWrite(attribute(2), value: .unsigned(7))]), now: start)
        #expect(machine.deadlineReached(now: start + .seconds(10)) == failure(.timeout(waitingFor: .setResponse)))
    }

    @Test(
        "A method's result comes with what it returned",
        arguments: [
            ("C701C1 00 00", ActionOutcome(result: .success)),
            ("C701C1 00", ActionOutcome(result: .success)),
            ("C701C1 00 01 00 1105", ActionOutcome(result: .success, returned: .data([0x11, 5]))),
            ("C701C1 00 01 00 1105 FFFF", ActionOutcome(result: .success, returned: .data([0x11, 5]))),
            ("C701C1 00 01 01 04", ActionOutcome(result: .success, returned: .failure(.objectUndefined))),
            ("C701C1 03 00", ActionOutcome(result: .readWriteDenied)),
            // A long answer in one block: with the result before the value, and without.
            ("C702C1 01 00000001 05 00 01 00 1105", ActionOutcome(result: .success, returned: .data([0x11, 5]))),
            ("C702C1 01 00000001 02 1105", ActionOutcome(result: .success, returned: .data([0x11, 5]))),
        ]
    )
    func action(answer: String, outcome: ActionOutcome) {
        var machine = associatedMachine()
        #expect(
            machine.perform(.action(Self.method, .integer(0)), now: start).first
                == .send(toServer(hex("C301C1 0046 000060030AFF 01 01 0F00")))
        )
        #expect(machine.received(toClient(hex("C701C2 03 00")), now: start).isEmpty)
        #expect(
            machine.received(toClient(hex(answer)), now: start) == [.deadline(nil), .completed(.action(outcome))]
        )
    }

    @Test("A method without a parameter says so")
    func withoutParameter() {
        var machine = associatedMachine()
        #expect(
            machine.perform(.action(Self.method, nil), now: start).first
                == .send(toServer(hex("C301C1 0046 000060030AFF 01 00")))
        )
    }

    @Test("A long parameter goes in blocks, a long answer comes in blocks")
    func longAction() {
        var machine = associatedMachine(Self.small)
        let octets = Self.long.octets
        // 40 octets: 9 of the method and 11 around it leave 20 for the value.
        #expect(
            machine.perform(.action(Self.method, Self.long), now: start).first
                == .send(toServer(hex("C304C1 0046 000060030AFF 01 00 00000001 14") + octets[0..<20]))
        )
        #expect(
            machine.received(toClient(hex("C704C1 00000001")), now: start).first
                == .send(toServer(hex("C306C1 01 00000002 18") + octets[20...]))
        )
        #expect(
            machine.received(toClient(hex("C702C1 00 00000001 04 00010011")), now: start).first
                == .send(toServer(hex("C302C1 00000001")))
        )
        #expect(
            machine.received(toClient(hex("C702C1 01 00000002 01 05")), now: start) == [
                .deadline(nil), .completed(.action(ActionOutcome(result: .success, returned: .data([0x11, 5])))),
            ]
        )
    }

    @Test("A long write that is cancelled half-way ends the connection")
    func cancelledLongWrite() {
        var machine = associatedMachine(Self.small)
        _ = machine.perform(.set([AttributeWrite(attribute(2), value: Self.long)]), now: start)
        #expect(machine.cancel(now: start) == [.failed(.cancelled)])
        #expect(machine.received(toClient(hex("C502C1 00000001")), now: start) == [.deadline(nil), .close])
    }

    @Test("An unconfirmed write is done when it was sent")
    func unconfirmed() {
        var machine = associatedMachine()
        #expect(
            machine.perform(.unconfirmedSet(AttributeWrite(attribute(), value: .unsigned(7))), now: start)
                == [
                    .send(toServer(hex("C101 81 0003 0100010800FF 02 00 1107"))), .deadline(start + .seconds(10)),
                    .deadline(nil), .completed(.sent),
                ]
        )
        #expect(machine.isReady)
    }
}
