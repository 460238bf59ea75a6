// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client writes and invokes lists")
struct ClientWriteListTests {
    static let writes = [
        AttributeWrite(attribute(2), value: .unsigned(7)), AttributeWrite(attribute(3), value: .unsigned(8)),
    ]
    static let list = toServer(
        hex("C104C1 02 0003 0100010800FF 02 00 0003 0100010800FF 03 00 02 1107 1108")
    )
    static let methods = [
        MethodInvocation(method(1), parameter: .unsigned(7)), MethodInvocation(method(2)),
    ]
    static let methodList = toServer(
        hex("C303C1 02 0046 000060030AFF 01 0046 000060030AFF 02 02 1107 00")
    )

    static func method(_ id: Int8) -> MethodDescriptor {
        MethodDescriptor(classID: 70, instanceID: OBISCode(0, 0, 96, 3, 10, 255), methodID: id)
    }

    static func single(_ index: UInt8, _ value: UInt8, invokeID: UInt8) -> ClientAction {
        .send(toServer([0xC1, 1, 0xC0 | invokeID] + hex("0003 0100010800FF") + [index, 0, 0x11, value]))
    }

    static func machine(
        _ use: AssociationSettings.WriteListUse = .whereAgreed,
        _ aare: [UInt8] = acceptance,
        change: (inout AssociationSettings) -> Void = { _ in }
    ) -> ClientMachine {
        var settings = settings()
        settings.writeLists = use
        change(&settings)
        var machine = ClientMachine(settings: settings)
        _ = machine.connected(now: start)
        _ = machine.received(toClient(aare), now: start)
        return machine
    }

    private func writing(_ use: AssociationSettings.WriteListUse = .whereAgreed) -> ClientMachine {
        var machine = Self.machine(use)
        #expect(machine.perform(.set(Self.writes), now: start).first == .send(Self.list))
        return machine
    }

    @Test("Several writes share a request, each with its result")
    func set() {
        var machine = writing()
        #expect(
            machine.received(toClient(hex("C505C1 02 03 00")), now: start) == [
                .deadline(nil), .completed(.set([.readWriteDenied, .success])),
            ]
        )
        #expect(machine.info.learned.writeLists == .works)
        #expect(machine.info.learned.longestList == 2)
    }

    @Test("Writes go one by one until a list of reads has been answered well")
    func proof() {
        var machine = Self.machine(.whereReadListsWork)
        #expect(machine.perform(.set(Self.writes), now: start).first == Self.single(2, 7, invokeID: 1))
        _ = machine.received(toClient(hex("C501C1 00")), now: start)
        _ = machine.received(toClient(hex("C501C2 00")), now: start)
        _ = machine.perform(.get([attribute(2), attribute(3)]), now: start)
        _ = machine.received(toClient(hex("C403C3 02 00 1101 00 1102")), now: start)
        let request = machine.perform(.set(Self.writes), now: start).first
        #expect(
            request == .send(toServer(hex("C104C4 02 0003 0100010800FF 02 00 0003 0100010800FF 03 00 02 1107 1108")))
        )
    }

    @Test(
        "A server that does not know lists is written to one by one, and so from then on",
        arguments: [
            "D80202", "D80203", "0E060302",
        ]
    )
    func notSupported(answer: String) {
        var machine = writing()
        #expect(machine.received(toClient(hex(answer)), now: start).first == Self.single(2, 7, invokeID: 2))
        #expect(machine.received(toClient(hex("C501C2 00")), now: start).first == Self.single(3, 8, invokeID: 3))
        #expect(
            machine.received(toClient(hex("C501C3 00")), now: start) == [
                .deadline(nil), .completed(.set([.success, .success])),
            ]
        )
        #expect(machine.info.learned.writeLists == .refused)
        #expect(machine.perform(.set(Self.writes), now: start).first == Self.single(2, 7, invokeID: 4))
    }

    @Test(
        "A list whose outcome is unknown is not repeated, nor is another one sent",
        arguments: [
            "D80201", "C501C1 0D", "C505C1 01 00", "C505C1 03 00 00 00",
        ]
    )
    func unknownOutcome(answer: String) {
        var machine = writing()
        let actions = machine.received(toClient(hex(answer)), now: start)
        #expect(!actions.contains { if case .send = $0 { true } else { false } })
        #expect(actions.contains { if case .failed = $0 { true } else { false } })
        #expect(machine.info.learned.writeLists == .refused)
    }

    @Test("Results known before a later write fails are told, with how many are unsure")
    func partial() {
        var machine = Self.machine(.never)
        _ = machine.perform(.set(Self.writes), now: start)
        _ = machine.received(toClient(hex("C501C1 03")), now: start)
        #expect(
            machine.deadlineReached(now: start + .seconds(10)) == [
                .deadline(nil), .partlyDone(PartialOutcome(results: .set([.readWriteDenied]), unknown: 1)),
                .failed(.timeout(waitingFor: .setResponse)), .close,
            ]
        )
    }

    @Test("Silence on a list of writes is remembered")
    func silence() {
        var machine = writing()
        _ = machine.deadlineReached(now: start + .seconds(10))
        #expect(machine.info.learned.writeLists == .unanswered)
        let learned = machine.info.learned
        var next = Self.machine { $0.learned = learned }
        #expect(next.perform(.set(Self.writes), now: start).first == Self.single(2, 7, invokeID: 1))
        _ = next.received(toClient(hex("C501C1 00")), now: start)
        #expect(next.info.learned.writeLists == .doubted)
    }

    @Test("A long list goes in blocks where that is wanted, else in shorter lists")
    func longList() {
        var machine = Self.machine(.whereAgreed, ClientWriteTests.small) { $0.sendsListsInBlocks = true }
        #expect(
            machine.perform(.set(Self.writes), now: start).first
                == .send(
                    toServer(
                        hex("C105C1 02 0003 0100010800FF 02 00 0003 0100010800FF 03 00 01 00000001 05 02 1107 1108")
                    )
                )
                || machine.isReady == false
        )
        var short = Self.machine(.whereAgreed, ClientWriteTests.small)
        let many = (1...3).map { AttributeWrite(attribute($0), value: .unsigned(7)) }
        #expect(
            short.perform(.set(many), now: start).first
                == .send(
                    toServer(hex("C104C1 02 0003 0100010800FF 01 00 0003 0100010800FF 02 00 02 1107 1107"))
                )
        )
        #expect(
            short.received(toClient(hex("C505C1 02 00 00")), now: start).first == Self.single(3, 7, invokeID: 2)
        )
    }

    @Test("Several methods share a request, each with its outcome")
    func actions() {
        var machine = Self.machine()
        #expect(machine.perform(.actions(Self.methods), now: start).first == .send(Self.methodList))
        let outcomes = [
            ActionOutcome(result: .success, returned: .data([0x11, 9])), ActionOutcome(result: .readWriteDenied),
        ]
        #expect(
            machine.received(toClient(hex("C703C1 02 00 01 00 1109 03 00")), now: start) == [
                .deadline(nil), .completed(.actions(outcomes)),
            ]
        )
    }

    @Test("Methods go one by one where lists are not known, and what was done before a failure is told")
    func actionsOneByOne() {
        var machine = Self.machine()
        _ = machine.perform(.actions(Self.methods), now: start)
        #expect(
            machine.received(toClient(hex("D80202")), now: start).first
                == .send(toServer(hex("C301C2 0046 000060030AFF 01 01 1107")))
        )
        #expect(
            machine.received(toClient(hex("C701C2 00 00")), now: start).first
                == .send(toServer(hex("C301C3 0046 000060030AFF 02 00")))
        )
        #expect(
            machine.received(toClient(hex("D80101")), now: start).dropFirst().first
                == .partlyDone(PartialOutcome(results: .actions([ActionOutcome(result: .success)]), unknown: 1))
        )
    }

    @Test("A request that is too long for the server, whatever it announced, is made shorter until it fits")
    func tooLong() {
        var machine = Self.machine()
        let long = AttributeWrite(attribute(2), value: .octetString((0..<100).map { UInt8($0) }))
        _ = machine.perform(.set([long]), now: start)
        guard case .send(let blocks)? = machine.received(toClient(hex("D80104")), now: start).first else {
            Issue.record("nothing was sent")
            return
        }
        // 115 octets were too long, so 57 are tried, of which a longer length could take two more.
        #expect(blocks.count == 8 + 55)
        #expect(machine.info.learned.requestLimit == 57)
        #expect(machine.info.requestLimit == 57)
    }

    @Test("A request of which the server has taken a block is not begun anew")
    func tooLongInTheMiddle() {
        var machine = Self.machine { $0.maxSendPDUSize = 200 }
        let long = AttributeWrite(attribute(2), value: .octetString(Array(repeating: 1, count: 500)))
        _ = machine.perform(.set([long]), now: start)
        _ = machine.received(toClient(hex("C502C1 00000001")), now: start)
        let failed = machine.received(toClient(hex("D80104")), now: start)
        #expect(!failed.contains { if case .send = $0 { true } else { false } })
        #expect(machine.info.learned.requestLimit != nil)
    }

    @Test("An acknowledgement that comes twice is dropped")
    func doubledAcknowledgement() {
        var machine = Self.machine { $0.maxSendPDUSize = 60 }
        let long = AttributeWrite(attribute(2), value: .octetString((0..<150).map { UInt8($0) }))
        _ = machine.perform(.set([long]), now: start)
        let acknowledged = toClient(hex("C502C1 00000001"))
        #expect(machine.received(acknowledged, now: start).count == 2)
        #expect(machine.received(acknowledged, now: start).isEmpty)
        #expect(machine.received(toClient(hex("C502C1 00000002")), now: start).count == 2)
        #expect(machine.received(acknowledged, now: start).isEmpty)
    }
}
