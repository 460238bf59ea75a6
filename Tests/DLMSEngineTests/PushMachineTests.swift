// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@testable import DLMSEngine

@Suite("Push machine")
struct PushMachineTests {
    private let notification = DataNotification(
        invoke: LongInvokeIDAndPriority(invokeID: 7),
        body: .structure([.octetString([1, 0, 1, 8, 0, 255]), .doubleLongUnsigned(1_234_567)])
    )

    private func wrapped(_ apdu: [UInt8], source: UInt16 = 1, destination: UInt16 = 102) throws -> [UInt8] {
        try #require(WrapperFrame(sourcePort: source, destinationPort: destination, payload: apdu)).octets
    }

    private func messages(_ actions: [PushMachine.Action]) -> [PushedMessage] {
        actions.compactMap { if case .deliver(let message) = $0 { message } else { nil } }
    }

    private func framed(
        _ apdu: [UInt8],
        longest: Int = 40,
        _ kind: (Int) -> HDLCControl.Kind = { _ in .unnumberedInformation }
    ) throws -> [[UInt8]] {
        let segments = HDLCInformationReassembler.Message(header: .response, apdu: apdu).segments(longest: longest)
        let server = try #require(HDLCAddress(width: .two, upper: 1, lower: 17))
        return try segments.enumerated().map { index, information in
            try #require(
                HDLCFrame(
                    destination: HDLCAddress(client: 102),
                    source: server,
                    control: HDLCControl(kind(index), isPollOrFinal: true),
                    information: information,
                    isSegmented: index < segments.count - 1
                )
            ).octets
        }
    }

    @Test(
        "What is kept of messages in blocks counts as kept, in streams and out of their order, and is given up in silence"
    )
    func pendingBlocks() throws {
        var machine = PushMachine()
        _ = machine.received(try wrapped(hex("E0 40 0001 0000 03 0F 0102")))
        #expect(machine.pendingCount == 3)
        _ = machine.received(try wrapped(hex("E0 40 0003 0000 02 0304")))
        #expect(machine.pendingCount == 5)
        _ = machine.receivedDatagram(try wrapped(hex("E0 01 0001 0000 04 0F 01 02 03"), source: 2))
        #expect(machine.pendingCount == 9)
        _ = machine.silence()
        #expect(machine.pendingCount == 0)
        #expect(!machine.isOpen)
    }

    @Test("Frames of the wrapper come out one by one, and the answer goes back the way they came")
    func wrapper() throws {
        var machine = PushMachine()
        let stream = try wrapped(notification.octets) + wrapped(notification.octets, source: 2)
        var found: [PushedMessage] = []
        for octet in stream { found += messages(machine.received([octet])) }
        #expect(found.map(\.apdu) == [notification.octets, notification.octets])
        #expect(found.map(\.route.logicalDevice) == [1, 2])
        #expect(!machine.isOpen)
        let confirm = DataNotificationConfirm(invoke: notification.invoke).octets
        let answer = try #require(machine.answer(confirm, to: found[1].route).first)
        let frame = try WrapperFrame(octets: answer)
        #expect((frame.sourcePort, frame.destinationPort) == (102, 2))
        #expect(frame.payload == confirm)
    }

    @Test("Segments in UI and I frames become the message; the answer is a UI frame to the sender", arguments: [0, 1])
    func segments(_ form: Int) throws {
        var machine = PushMachine()
        let frames = try framed(notification.octets, longest: 12) { index in
            form == 0
                ? .unnumberedInformation
                : .information(send: HDLCSequenceNumber(UInt8(index % 8)), receive: HDLCSequenceNumber(0))
        }
        #expect(frames.count > 1)
        let found = messages(machine.received(frames.flatMap { $0 }))
        #expect(found.map(\.apdu) == [notification.octets])
        #expect(found.first?.route.physicalDevice == 17)
        let confirm = DataNotificationConfirm(invoke: notification.invoke).octets
        let answers = try machine.answer(confirm, to: try #require(found.first).route).map { try HDLCFrame(octets: $0) }
        #expect(answers.map(\.information) == [LLCHeader.command.octets + confirm])
        #expect(answers.first?.destination.lower == 17)
        #expect(answers.first?.control.kind == .unnumberedInformation)
    }

    @Test("A lost segment costs its message and no other")
    func lostSegment() throws {
        for hasNumbers in [false, true] {
            var machine = PushMachine()
            var frames = try framed(notification.octets, longest: 12) { index in
                hasNumbers
                    ? .information(send: HDLCSequenceNumber(UInt8(index % 8)), receive: HDLCSequenceNumber(0))
                    : .unnumberedInformation
            }
            // The last one with UI frames, since nothing else tells; any with numbers.
            frames.remove(at: hasNumbers ? 1 : frames.count - 1)
            let whole = try framed(notification.octets, longest: 200)
            let actions = machine.received((frames + whole).flatMap { $0 })
            #expect(messages(actions).last?.apdu == notification.octets)
            #expect(actions.contains { if case .lose(.incomplete, _) = $0 { true } else { false } })
        }
    }

    @Test("Damage costs only itself", arguments: 0..<8)
    func damage(_ place: Int) throws {
        var machine = PushMachine()
        let good = try wrapped(notification.octets)
        for value: UInt8 in [0x00, 0x01, 0x3F, 0x7E, 0xFF] {
            var bad = good
            bad[place] ^= value
            let found = messages(machine.received(good + bad + good + good))
            #expect(found.filter { $0.apdu == notification.octets }.count >= 3, "octet \(place), \(value)")
            _ = machine.silence()
        }
    }

    @Test("What stands in front of the first frame is passed over")
    func greeting() throws {
        var machine = PushMachine()
        let actions = machine.received(Array("CONNECT 9600\r\n".utf8) + (try wrapped(notification.octets)))
        #expect(actions.first == .lose(.noise, octets: 14))
        #expect(messages(actions).count == 1)
    }

    @Test("Blocks that nobody acknowledges become the message")
    func unacknowledgedBlocks() throws {
        var machine = PushMachine()
        let blocks = GeneralBlockTransferLayer.unacknowledgedStream(notification.octets, blockLength: 7)
        let actions = try blocks.flatMap { machine.received(try wrapped($0)) }
        #expect(actions.count == 1)
        let message = try #require(messages(actions).first)
        #expect(message.apdu == notification.octets)
        #expect(machine.answer([0x10], to: message.route) == [try wrapped([0x10], source: 102, destination: 1)])
    }

    @Test("Blocks that want it are acknowledged, and answered in blocks")
    func acknowledgedBlocks() throws {
        var machine = PushMachine()
        var sender = GeneralBlockTransferLayer(.client, GeneralBlockTransferSettings(window: 1), limit: 1000)
        var toGo = sender.begin(notification.octets, blockLength: 9)
        var message: PushedMessage?
        var rounds = 0
        while message == nil, !toGo.isEmpty, rounds < 50 {
            rounds += 1
            let actions = try toGo.flatMap { machine.received(try wrapped($0)) }
            message = messages(actions).first
            toGo = []
            for case .send(let octets) in actions {
                toGo += sender.received(try WrapperFrame(octets: octets).payload).send
            }
        }
        let pushed = try #require(message)
        #expect(pushed.apdu == notification.octets)
        let answer = try #require(machine.answer([0x10, 1, 2, 3, 4, 0], to: pushed.route).first)
        #expect(sender.received(try WrapperFrame(octets: answer).payload).apdu == [0x10, 1, 2, 3, 4, 0])
        _ = machine.received(try wrapped(notification.octets))
        #expect(try WrapperFrame(octets: machine.answer([0x10], to: pushed.route)[0]).payload == [0x10])
    }

    @Test("Datagrams hold frames of either kind, or an APDU alone; a part of a frame is lost")
    func datagrams() throws {
        var machine = PushMachine()
        #expect(messages(machine.receivedDatagram(try wrapped(notification.octets))).count == 1)
        #expect(messages(machine.receivedDatagram(notification.octets)).first?.route == .bare)
        #expect(
            machine.receivedDatagram(Array(try wrapped(notification.octets).dropLast())) == [
                .lose(.incomplete, octets: notification.octets.count + 7)
            ]
        )
        let frames = try framed(notification.octets, longest: 12)
        #expect(messages(frames.flatMap { machine.receivedDatagram($0) }).map(\.apdu) == [notification.octets])
        #expect(machine.receivedDatagram([0xC0, 1, 2]) == [.lose(.notANotification, octets: 3)])
    }

    @Test("The device behind a concentrator is told")
    func gatewayPrefix() throws {
        var machine = PushMachine()
        let prefix = GatewayPrefix(
            isRequest: false,
            networkID: 0,
            physicalDeviceAddress: [0x12, 0x34],
            apdu: notification.octets
        )
        let message = messages(machine.received(try wrapped(prefix.octets))).first
        #expect(message?.apdu == notification.octets)
        #expect(message?.deviceAddress == [0x12, 0x34])
    }

    @Test(
        "Protection is taken off, and put on the answer",
        arguments: [
            SecuritySettings.Ciphering.global, .generalGlobal, .general(.identified), .general(.wrapped),
            .general(.agreedOnePass),
        ]
    )
    func protection(_ ciphering: SecuritySettings.Ciphering) throws {
        let fixture = try SecurityFixture(.suite1)
        let both = AppliedProtection(isAuthenticated: true, isEncrypted: true)
        var meter = try SecurityContext(
            SecurityMaterial(fixture.serverSecurity(required: both)),
            peerTitle: SecurityFixture.clientTitle
        )
        try meter.contentKeys.setWrappedKey(Secret([UInt8](repeating: 9, count: 16)))
        var opener = try NotificationOpener(fixture.clientSecurity(ciphering))
        let apdu = try meter.protect(
            notification.octets,
            SecurityContext.Order(
                applied: both,
                form: ciphering.form,
                counter: 41,
                transactionID: [1, 2, 3, 4, 5, 6, 7, 8]
            )
        )
        #expect(NotificationOpener.systemTitle(of: apdu) == SecurityFixture.serverTitle)
        let opened = try opener.open(apdu)
        #expect(opened.apdu == notification.octets)
        #expect(opened.protection.isAuthenticated && opened.protection.isVerified)
        #expect(opened.counter?.value == 41)
        #expect(opened.systemTitle == SecurityFixture.serverTitle)
        let confirm = DataNotificationConfirm(invoke: notification.invoke).octets
        // A key that came wrapped has to be made before one can send with it.
        guard ciphering != .general(.wrapped) else { return }
        let answer = try opener.protect(confirm, answering: opened, counter: 5)
        #expect(answer != confirm)
        let atMeter = try meter.open(answer)
        #expect(atMeter.apdu == confirm)
        #expect(atMeter.applied.isAuthenticated)
    }
}
