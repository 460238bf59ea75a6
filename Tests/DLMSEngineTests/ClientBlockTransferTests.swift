// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client carries requests and answers in general blocks")
struct ClientBlockTransferTests {
    static let conformance = AssociationSettings.standardConformance.union([.access, .generalBlockTransfer])
    static let request = hex("C001C1 0003 0100010800FF 02 00")

    /// A machine whose server agreed to general block transfer and ACCESS, and takes so many octets.
    static func machine(
        _ use: GeneralBlockTransferSettings.Use,
        window: UInt8 = 2,
        size: String = "0400"
    ) -> ClientMachine {
        var settings = settings()
        settings.proposedConformance = conformance
        settings.blockTransfer = GeneralBlockTransferSettings(use: use, window: window)
        var machine = ClientMachine(settings: settings)
        _ = machine.connected(now: start)
        let aare = "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400201E5D\(size)0007"
        _ = machine.received(toClient(hex(aare)), now: start)
        return machine
    }

    private func sending(_ block: String, after: Duration = .zero) -> [ClientAction] {
        [.send(toServer(hex(block))), .deadline(start + after + .seconds(10))]
    }

    @Test("A request in a block is answered in a stream of blocks")
    func stream() {
        var machine = Self.machine(.always)
        #expect(
            machine.perform(.get([attribute()]), now: start)
                == [.send(toServer(hex("E0 82 0001 0000 0D") + Self.request)), .deadline(start + .seconds(10))]
        )
        #expect(
            machine.received(toClient(hex("E0 42 0001 0001 04 C401C100")), now: start + .seconds(2))
                == [.deadline(start + .seconds(12))]
        )
        #expect(
            machine.received(toClient(hex("E0 02 0002 0001 01 11")), now: start + .seconds(3))
                == sending("E0 82 0002 0002 00", after: .seconds(3))
        )
        #expect(
            machine.received(toClient(hex("E0 82 0003 0002 01 05")), now: start + .seconds(4))
                == [.deadline(nil), .completed(.get([.data([0x11, 5])]))]
        )
    }

    @Test("A lost block is asked for again, first by its gap and then after silence")
    func lostBlock() {
        var machine = Self.machine(.always)
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(
            machine.received(toClient(hex("E0 02 0002 0001 01 11")), now: start) == sending("E0 82 0002 0000 00")
        )
        _ = machine.received(toClient(hex("E0 42 0001 0001 04 C401C100")), now: start)
        #expect(
            machine.deadlineReached(now: start + .seconds(10)) == sending("E0 82 0003 0002 00", after: .seconds(10))
        )
        #expect(
            machine.received(toClient(hex("E0 82 0003 0002 01 05")), now: start + .seconds(11))
                == [.deadline(nil), .completed(.get([.data([0x11, 5])]))]
        )
    }

    @Test("A block is asked for a few times only")
    func giveUp() {
        var machine = Self.machine(.always)
        _ = machine.perform(.get([attribute()]), now: start)
        _ = machine.received(toClient(hex("E0 42 0001 0001 04 C401C100")), now: start)
        var actions: [ClientAction] = []
        for number in 1...4 { actions = machine.deadlineReached(now: start + .seconds(10 * number)) }
        #expect(actions == [.deadline(nil), .failed(.timeout(waitingFor: .getResponse)), .close])
    }

    @Test("A server may answer without blocks")
    func plainAnswer() {
        var machine = Self.machine(.always)
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(
            machine.received(toClient(hex("C401C1 00 1105")), now: start)
                == [.deadline(nil), .completed(.get([.data([0x11, 5])]))]
        )
        #expect(
            machine.perform(.get([attribute()]), now: start).first
                == .send(toServer(hex("E0 82 0001 0000 0D C001C2 0003 0100010800FF 02 00")))
        )
    }

    @Test("A request that is too long goes in blocks where its service has none")
    func whereNeeded() {
        var machine = Self.machine(.whereNeeded, size: "0028")
        let items: [AccessItem] = (1...4).map { .get(attribute($0)) }
        let apdu =
            hex("D9 C0000001 00 04")
            + (1...4).flatMap { hex("01 0003 0100010800FF") + [UInt8($0)] } + hex("04 00 00 00 00")
        #expect(
            machine.perform(.access(items, breaksOnError: false), now: start).first
                == .send(toServer(hex("E0 02 0001 0000 1E") + apdu[..<30]))
        )
        #expect(
            machine.received(toClient(hex("E0 01 0001 0001 00")), now: start).first
                == .send(toServer(hex("E0 82 0002 0001") + [UInt8(apdu.count - 30)] + apdu[30...]))
        )
        // A long write has blocks of its own, unless general ones are wanted for all long requests.
        let long = AttributeWrite(attribute(2), value: ClientWriteTests.long)
        var own = Self.machine(.whereNeeded, size: "0028")
        guard case .send(let first)? = own.perform(.set([long]), now: start).first else { return }
        #expect(first[8] == 0xC1)
        var general = Self.machine(.forLongRequests, size: "0028")
        guard case .send(let block)? = general.perform(.set([long]), now: start).first else { return }
        #expect(block[8] == 0xE0)
    }

    @Test("A block that cannot be decoded ends the request")
    func unreadable() {
        var machine = Self.machine(.always)
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(
            machine.received(toClient(hex("E0 82")), now: start)
                == [.deadline(nil), .failed(.blockTransfer(.unreadable)), .close]
        )
    }

    @Test("An answer that comes slowly has time as long as octets come")
    func slowAnswer() {
        var machine = associatedMachine()
        _ = machine.perform(.get([attribute()]), deadline: start + .seconds(15), now: start)
        let answer = toClient(hex("C401C1 00 1105"))
        #expect(
            machine.received(Array(answer[..<4]), now: start + .seconds(3)) == [.deadline(start + .seconds(13))]
        )
        #expect(
            machine.received(Array(answer[4..<8]), now: start + .seconds(9)) == [.deadline(start + .seconds(15))]
        )
        #expect(
            machine.received(Array(answer[8...]), now: start + .seconds(14)).last
                == .completed(.get([.data([0x11, 5])]))
        )
        // What is for somebody else gives no time.
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex("C401C1 00 1105"), client: 17), now: start).isEmpty)
    }
}

@Suite("A client takes what a server sends on its own")
struct UnsolicitedMessageTests {
    static let notification = DataNotification(
        invoke: LongInvokeIDAndPriority(invokeID: 5, isConfirmed: true),
        body: .structure([.unsigned(1)])
    )

    @Test("Notifications come decoded, those that want it are confirmed")
    func kinds() {
        var machine = associatedMachine()
        let event = EventNotification(time: nil, descriptor: attribute().descriptor, value: .unsigned(1))
        let report = InformationReport(variables: [.variableName(0x0100)], data: [.unsigned(1)])
        #expect(machine.received(toClient(event.octets), now: start) == [.unsolicited(.eventNotification(event))])
        #expect(
            machine.received(toClient(report.octets), now: start) == [
                .unsolicited(.informationReport(report, targets: [nil]))
            ]
        )
        #expect(
            machine.received(toClient(Self.notification.octets), now: start) == [
                .send(toServer(hex("10 C0000005 00"))), .unsolicited(.dataNotification(Self.notification)),
            ]
        )
        #expect(machine.isReady)
    }

    @Test("A notification between request and answer disturbs neither")
    func betweenRequestAndAnswer() {
        var machine = associatedMachine()
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(
            machine.received(toClient(Self.notification.octets), now: start).last
                == .unsolicited(.dataNotification(Self.notification))
        )
        #expect(
            machine.received(toClient(hex("C401C1 00 1105")), now: start).last == .completed(.get([.data([0x11, 5])]))
        )
    }

    @Test("A notification that cannot be decoded is handed on as it is")
    func unreadable() {
        var machine = associatedMachine()
        #expect(machine.received(toClient(hex("0F00")), now: start) == [.unsolicited(.other(hex("0F00")))])
    }

    @Test("A push in unacknowledged blocks is put together, one in acknowledged blocks is acknowledged and confirmed")
    func inBlocks() {
        var machine = ClientBlockTransferTests.machine(.never)
        let octets = Self.notification.octets
        let first = hex("E0 40 0001 0000 04") + octets[..<4]
        let last = hex("E0 80 0002 0000") + [UInt8(octets.count - 4)] + octets[4...]
        #expect(machine.received(toClient(first), now: start) == [])
        #expect(
            machine.received(toClient(last), now: start).last == .unsolicited(.dataNotification(Self.notification))
        )
        let acknowledged = hex("E0 81 0001 0000") + [UInt8(octets.count)] + octets
        #expect(
            machine.received(toClient(acknowledged), now: start) == [
                .send(toServer(hex("E0 82 0001 0001 06 10 C0000005 00"))),
                .unsolicited(.dataNotification(Self.notification)),
            ]
        )
    }

    @Test("An association that exists beforehand needs no request for it, and no release")
    func preEstablished() {
        var settings = settings()
        settings.isPreEstablished = true
        settings.presumedServerPDUSize = 256
        settings.release = true
        var machine = ClientMachine(settings: settings)
        var info = AssociationInfo(
            conformance: AssociationSettings.standardConformance,
            serverMaxReceivePDUSize: 256
        )
        info.generalBlockTransfer = .never
        #expect(machine.connected(now: start) == [.associated(info)])
        #expect(
            machine.perform(.get([attribute()]), now: start).first == .send(toServer(ClientBlockTransferTests.request))
        )
        _ = machine.received(toClient(hex("C401C1 00 1105")), now: start)
        #expect(machine.release(now: start) == [.deadline(nil), .released, .close])
    }
}

@Suite("Client and server exchange general blocks")
struct BlocksTogetherTests {
    static let windows: [UInt8] = [1, 2, 7, 63]

    private func pair(
        _ meter: TestMeter,
        _ use: GeneralBlockTransferSettings.Use,
        window: UInt8,
        size: UInt16
    ) -> MachinePair {
        var settings = settings(maxReceivePDUSize: size)
        settings.proposedConformance = ClientBlockTransferTests.conformance
        settings.blockTransfer = GeneralBlockTransferSettings(use: use, window: window)
        return MachinePair(settings, meter, seed: UInt64(window))
    }

    private func meter(_ size: UInt16, without: Conformance = []) -> TestMeter {
        let conformance = ClientBlockTransferTests.conformance.subtracting(without)
        return TestMeter(terms: [16: AssociationTerms(conformance: conformance, maxReceivePDUSize: size)])
    }

    @Test(
        "Long values pass whole in both directions, whatever window and size",
        arguments: windows,
        [64, 256, 1024] as [UInt16]
    )
    func longValues(window: UInt8, size: UInt16) {
        let meter = meter(size)
        meter.store(ClientServerTests.long, at: attribute())
        meter.store(.nullData, at: attribute(3))
        var pair = pair(meter, .always, window: window, size: size)
        #expect(pair.perform(.get([attribute()])) == .get([.data(ClientServerTests.long.octets)]))
        #expect(pair.longestResponse <= Int(size))
        #expect(
            pair.perform(.set([AttributeWrite(attribute(3), value: ClientServerTests.long)])) == .set([.success])
        )
        #expect(meter.stored(at: attribute(3)) == ClientServerTests.long)
        #expect(pair.longestRequest <= Int(size))
        let streamed = pair.perform(.get([attribute()]), streams: true)
        #expect(streamed == .streamed(octets: ClientServerTests.long.octets.count))
        #expect(pair.delivered == ClientServerTests.long.octets)
    }

    @Test("A long answer goes in general blocks where the service has none")
    func answerWithoutOwnBlocks() {
        let meter = meter(128, without: .blockTransferWithGetOrRead)
        meter.store(ClientServerTests.long, at: attribute())
        var pair = pair(meter, .whereNeeded, window: 5, size: 128)
        #expect(pair.perform(.get([attribute()])) == .get([.data(ClientServerTests.long.octets)]))
        let items = (1...40).map { AccessItem.get(attribute(2, of: "1.0.\($0).8.0.255")) } + [.get(attribute())]
        guard case .access(let outcomes)? = pair.perform(.access(items, breaksOnError: false)) else {
            Issue.record("no answer")
            return
        }
        #expect(outcomes.count == 41)
        #expect(outcomes.last == .get(.data(ClientServerTests.long.octets)))
        #expect(pair.longestResponse <= 128)
        #expect(pair.longestRequest <= 128)
    }

    @Test("A list written in blocks of its service arrives whole", arguments: [64, 128, 1024] as [UInt16])
    func listsInBlocks(size: UInt16) {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: size)])
        let writes = (1...20).map {
            AttributeWrite(
                attribute(2, of: "1.0.\($0).8.0.255"),
                value: .octetString(Array(repeating: UInt8($0), count: 50))
            )
        }
        for write in writes { meter.store(.nullData, at: write.request) }
        var settings = settings(maxReceivePDUSize: size)
        settings.writeLists = .whereAgreed
        settings.sendsListsInBlocks = true
        var pair = MachinePair(settings, meter)
        #expect(pair.perform(.set(writes)) == .set(Array(repeating: .success, count: 20)))
        for write in writes { #expect(meter.stored(at: write.request) == write.value) }
        #expect(pair.longestRequest <= Int(size))
        let method = MethodDescriptor(classID: 9, instanceID: attribute().descriptor.instanceID, methodID: 1)
        let invocations = writes.map { MethodInvocation(method, parameter: $0.value) }
        let outcomes = writes.map { ActionOutcome(result: .success, returned: .data($0.value.octets)) }
        #expect(pair.perform(.actions(invocations)) == .actions(outcomes))
        #expect(pair.longestResponse <= Int(size))
    }

    @Test("A server that says no to lists, or nothing, still gets all writes")
    func listsRefused() {
        let meter = TestMeter()
        meter.store(.nullData, at: attribute(2))
        meter.store(.nullData, at: attribute(3))
        var options = ServerMachine.Options()
        options.lists = .refused
        var settings = settings()
        settings.writeLists = .whereAgreed
        var pair = MachinePair(settings, meter, options: options)
        #expect(pair.perform(.set(ClientWriteListTests.writes)) == .set([.success, .success]))
        #expect(pair.perform(.get(ClientListTests.both)) == .get([.data([0x11, 7]), .data([0x11, 8])]))
        #expect(pair.client.info.learned.readLists == .refused)
    }
}

@Suite("A server sends without being asked")
struct ServerNotificationTests {
    @Test("Clients that agreed to it get it, long ones in blocks that nobody acknowledges")
    func notify() throws {
        let agreed = ClientBlockTransferTests.conformance.union(.dataNotification)
        let meter = TestMeter(terms: [16: AssociationTerms(conformance: agreed), 17: AssociationTerms()])
        var settings = settings(maxReceivePDUSize: 64)
        settings.proposedConformance = agreed
        var pair = MachinePair(settings, meter)
        let long = DataNotification(invoke: LongInvokeIDAndPriority(invokeID: 1), body: ClientServerTests.long)
        let short = UnsolicitedMessageTests.notification
        #expect(pair.notify(.dataNotification(short)) == [.unsolicited(.dataNotification(short))])
        #expect(pair.notify(.dataNotification(long)) == [.unsolicited(.dataNotification(long))])
        #expect(pair.longestResponse <= 64)
        let event = EventNotification(time: nil, descriptor: attribute().descriptor, value: .unsigned(1))
        #expect(pair.notify(.eventNotification(event)) == [])
    }
}
