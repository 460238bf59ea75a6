// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client on an HDLC line")
struct HDLCClientTests {
    /// What is sent, in frames.
    static func sent(_ actions: [ClientAction]) -> [HDLCFrame] {
        var reassembler = HDLCReassembler()
        for case .send(let octets) in actions { reassembler.push(octets) }
        var frames: [HDLCFrame] = []
        while case .frame(let frame)? = reassembler.next() { frames.append(frame) }
        return frames
    }

    static func names(_ actions: [ClientAction]) -> [String] { sent(actions).map(\.control.name) }

    /// When the machine wants to be woken.
    static func deadline(_ actions: [ClientAction]) throws -> ContinuousClock.Instant {
        for case .deadline(let instant?) in actions.reversed() { return instant }
        return try #require(nil as ContinuousClock.Instant?, "no deadline")
    }

    static func machine(_ change: (inout HDLCLinkSettings) -> Void = { _ in }) -> ClientMachine {
        var link = HDLCLinkSettings(client: 16, server: hdlcServer, frameTimeout: .seconds(2), retries: 3)
        change(&link)
        return ClientMachine(settings: AssociationSettings(link: .hdlc(link)))
    }

    static let unnumberedAcknowledge = fromServer(.unnumberedAcknowledge)

    /// An open association without limits agreed on; the client's next frame has the number 1.
    static func associated(_ change: (inout HDLCLinkSettings) -> Void = { _ in }) -> ClientMachine {
        var machine = machine(change)
        _ = machine.connected(now: start)
        _ = machine.received(unnumberedAcknowledge, now: start)
        _ = machine.received(information(0, 1, acceptance), now: start)
        return machine
    }

    static func information(_ send: UInt8, _ receive: UInt8, _ apdu: [UInt8], isFinal: Bool = true) -> [UInt8] {
        fromServer(
            .information(send: HDLCSequenceNumber(send), receive: HDLCSequenceNumber(receive)),
            LLCHeader.response.octets + apdu,
            isFinal: isFinal
        )
    }

    static let value = hex("C401C1001105")

    static let answer: [ClientAction] = [.completed(.get([.data([0x11, 0x05])]))]

    static func isAnswer(_ actions: [ClientAction]) -> Bool { actions.contains(answer[0]) }

    @Test("The link is set up with an offer, then the association is asked for")
    func setUp() throws {
        var machine = Self.machine()
        let connected = machine.connected(now: start)
        // SNRM to 1 from 16 with 2030, 2030, 7 and 7.
        let snrm = hex("7EA0200321930A5D 8180140502 07EE 0602 07EE 0704 00000007 0804 00000007 0000 7E")
        let octets = try #require(connected.compactMap { if case .send(let octets) = $0 { octets } else { nil } }.first)
        #expect(octets.count == snrm.count)
        #expect(octets[..<6] == snrm[..<6])
        #expect(octets[8..<octets.count - 3] == snrm[8..<snrm.count - 3])
        #expect(try Self.deadline(connected) == start + .seconds(2))
        let opened = machine.received(Self.unnumberedAcknowledge, now: start)
        let request = try #require(Self.sent(opened).first)
        #expect(request.control.octet == 0x10)
        #expect(Array(request.information.prefix(4)) == hex("E6E60060"))
        let accepted = machine.received(Self.information(0, 1, acceptance), now: start)
        #expect(accepted.contains { if case .associated = $0 { true } else { false } })
    }

    @Test("Requests and answers are numbered, and nothing is polled for when nothing is waited for")
    func numbers() {
        var machine = Self.associated()
        let request = machine.perform(.get([attribute()]), now: start)
        #expect(Self.sent(request).map(\.control.octet) == [0x32])
        let answer = machine.received(Self.information(1, 2, Self.value), now: start)
        #expect(Self.isAnswer(answer))
        #expect(Self.sent(answer) == [])
        #expect(Self.sent(machine.perform(.get([attribute()]), now: start)).map(\.control.octet) == [0x54])
    }

    @Test("A meter that answers RR is polled until it has the answer, ever more seldom")
    func polling() throws {
        var machine = Self.associated()
        var actions = machine.perform(.get([attribute()]), now: start)
        var now = start
        actions = machine.received(fromServer(.receiveReady(HDLCSequenceNumber(2))), now: now)
        #expect(Self.names(actions) == ["RR"])
        var waits: [Duration] = []
        for _ in 0..<8 {
            actions = machine.received(fromServer(.receiveReady(HDLCSequenceNumber(2))), now: now)
            let due = try Self.deadline(actions)
            waits.append(now.duration(to: due))
            now = due
            actions = machine.deadlineReached(now: now)
            #expect(Self.names(actions) == ["RR"])
        }
        #expect(waits == [20, 40, 80, 160, 320, 640, 1000, 1000].map { .milliseconds($0) })
        #expect(Self.isAnswer(machine.received(Self.information(1, 2, Self.value), now: now)))
    }

    @Test("A lost frame is asked for by RR, and sent again if the meter has not got it")
    func lostRequest() throws {
        var machine = Self.associated()
        let request = machine.perform(.get([attribute()]), now: start)
        let now = try Self.deadline(request)
        #expect(now == start + .seconds(2))
        let poll = machine.deadlineReached(now: now)
        #expect(Self.names(poll) == ["RR"])
        // Once it may be the late answer to the request itself.
        #expect(Self.sent(machine.received(fromServer(.receiveReady(HDLCSequenceNumber(1))), now: now)) == [])
        let repeated = machine.received(fromServer(.receiveReady(HDLCSequenceNumber(1))), now: now)
        #expect(Self.sent(repeated).map(\.control.octet) == [0x32])
        #expect(Self.isAnswer(machine.received(Self.information(1, 2, Self.value), now: now)))
    }

    @Test("A meter that falls silent is given up after the repetitions, within the wait for the answer")
    func silence() throws {
        var machine = Self.associated()
        var actions = machine.perform(.get([attribute()]), now: start)
        var now = start
        var sent: [String] = []
        while !actions.contains(.close) {
            now = try Self.deadline(actions)
            actions = machine.deadlineReached(now: now)
            sent += Self.names(actions)
        }
        #expect(actions.contains(.failed(.timeout(waitingFor: .getResponse))))
        #expect(sent == ["RR", "I", "RR"])
        #expect(now - start <= .seconds(10))
    }

    @Test("A frame that came twice is dropped")
    func duplicate() {
        var machine = Self.associated()
        _ = machine.perform(.get([attribute()]), now: start)
        // The answer to the association comes again, then the answer to the request.
        let again = machine.received(Self.information(0, 2, acceptance), now: start)
        #expect(!again.contains { if case .failed = $0 { true } else { false } })
        #expect(Self.names(again) == ["RR"])
        #expect(Self.isAnswer(machine.received(Self.information(1, 2, Self.value), now: start)))
        let request = machine.perform(.get([attribute()]), now: start)
        #expect(Self.sent(request).map(\.control.octet) == [0x54])
    }

    @Test("A cut frame and one with a wrong check sequence are noise")
    func noise() throws {
        var machine = Self.associated()
        let request = machine.perform(.get([attribute()]), now: start)
        var wrong = Self.information(1, 2, Self.value)
        wrong[wrong.count - 4] ^= 1
        #expect(Self.sent(machine.received(wrong, now: start)) == [])
        var now = try Self.deadline(request)
        #expect(Self.names(machine.deadlineReached(now: now)) == ["RR"])
        let cut = machine.received(Array(Self.information(1, 2, Self.value).dropLast(5)), now: now)
        // What is coming is waited for anew.
        now = try max(now, cut.isEmpty ? now + .seconds(2) : Self.deadline(cut))
        let again = machine.deadlineReached(now: now)
        #expect(Self.names(again) == ["I"])
        #expect(Self.isAnswer(machine.received(Self.information(1, 2, Self.value), now: now)))
    }

    @Test("A frame that trickles in is waited for as long as more of it comes")
    func trickle() throws {
        var machine = Self.associated()
        var actions = machine.perform(.get([attribute()]), now: start)
        var now = start
        for octet in Self.information(1, 2, Self.value) {
            now += .seconds(1)
            actions += machine.received([octet], now: now)
            #expect(machine.deadlineReached(now: now).isEmpty)
        }
        #expect(Self.isAnswer(actions))
    }

    @Test(
        "SNRM that is refused is sent again without an offer, after DISC",
        arguments: [
            fromServer(.disconnectedMode), fromServer(.frameReject, [0x93, 0, 1]),
        ]
    )
    func refusedOffer(refusal: [UInt8]) throws {
        var machine = Self.machine()
        _ = machine.connected(now: start)
        #expect(Self.names(machine.received(refusal, now: start)) == ["DISC"])
        let second = Self.sent(machine.received(fromServer(.disconnectedMode), now: start))
        #expect(second.map(\.control.name) == ["SNRM"])
        #expect(second.first?.information == [])
        #expect(Self.names(machine.received(Self.unnumberedAcknowledge, now: start)) == ["I"])
    }

    @Test("A meter that refuses every SNRM has no link to give")
    func refused() {
        var machine = Self.machine()
        _ = machine.connected(now: start)
        _ = machine.received(fromServer(.disconnectedMode), now: start)
        _ = machine.received(fromServer(.disconnectedMode), now: start)
        let end = machine.received(fromServer(.disconnectedMode), now: start)
        #expect(end.contains(.associationFailed(.linkFailed(.refused, waitingFor: .linkResponse))))
        #expect(end.last == .close)
    }

    @Test("SNRM without an answer: DISC, SNRM again, then without an offer")
    func unanswered() throws {
        var machine = Self.machine()
        var actions = machine.connected(now: start)
        var frames = Self.sent(actions)
        while !actions.contains(.close) {
            actions = machine.deadlineReached(now: try Self.deadline(actions))
            frames += Self.sent(actions)
        }
        #expect(frames.map(\.control.name) == ["SNRM", "DISC", "SNRM", "SNRM", "SNRM"])
        #expect(frames.map(\.information.isEmpty) == [false, true, false, true, true])
        #expect(actions.contains(.associationFailed(.timeout(waitingFor: .linkResponse))))
    }

    @Test("DISC goes first, and the meter is left alone after it, if that is wanted")
    func disconnectFirst() throws {
        var machine = Self.machine {
            $0.disconnectsFirst = true
            $0.pauseAfterDisconnect = .milliseconds(700)
        }
        #expect(Self.names(machine.connected(now: start)) == ["DISC"])
        let answered = machine.received(fromServer(.disconnectedMode), now: start)
        #expect(Self.sent(answered) == [])
        #expect(try Self.deadline(answered) == start + .milliseconds(700))
        #expect(Self.names(machine.deadlineReached(now: start + .milliseconds(700))) == ["SNRM"])
    }

    @Test("The end is waited for, and the meter is left alone after it")
    func release() throws {
        var machine = Self.associated { $0.pauseAfterDisconnect = .milliseconds(500) }
        #expect(Self.names(machine.release(now: start)) == ["I"])
        #expect(Self.names(machine.received(Self.information(1, 2, hex("6303800100")), now: start)) == ["DISC"])
        let answered = machine.received(Self.unnumberedAcknowledge, now: start)
        #expect(!answered.contains(.released))
        #expect(try Self.deadline(answered) == start + .milliseconds(500))
        #expect(machine.deadlineReached(now: start + .milliseconds(500)).suffix(2) == [.released, .close])
    }

    @Test("A meter that does not answer to DISC is left after a second one")
    func silentEnd() throws {
        var machine = Self.associated()
        _ = machine.release(now: start)
        var actions = machine.received(Self.information(1, 2, hex("6303800100")), now: start + .seconds(1))
        actions = machine.deadlineReached(now: try Self.deadline(actions))
        #expect(Self.names(actions) == ["DISC"])
        actions = machine.deadlineReached(now: try Self.deadline(actions))
        #expect(actions.suffix(2) == [.released, .close])
    }

    @Test("A meter that refuses a frame or has no link ends the request")
    func refusals() {
        let reject = HDLCFrameReject(
            rejectedControl: HDLCControl(octet: 0x32),
            sendState: HDLCSequenceNumber(1),
            receiveState: HDLCSequenceNumber(1),
            refusesResponse: false,
            reasons: .informationTooLong
        )
        var machine = Self.associated()
        _ = machine.perform(.get([attribute()]), now: start)
        let refused = machine.received(fromServer(.frameReject, reject.octets), now: start)
        #expect(refused.contains(.failed(.linkFailed(.frameRejected(reject), waitingFor: .getResponse))))
        #expect(refused.last == .close)
        machine = Self.associated()
        _ = machine.perform(.get([attribute()]), now: start)
        let gone = machine.received(fromServer(.disconnectedMode), now: start)
        #expect(gone.contains(.failed(.linkFailed(.disconnected, waitingFor: .getResponse))))
    }

    @Test(
        "A meter may answer with an address of another length, or without a lower part",
        arguments: [
            (HDLCAddress.Width.two, 17, HDLCAddress.Width.four, 17), (.two, 17, .one, 0), (.two, 17, .two, 0),
            (.four, 17, .one, 0), (.two, 0x7E, .two, 33), (.one, 0, .two, 16),
        ] as [(HDLCAddress.Width, UInt16, HDLCAddress.Width, UInt16)]
    )
    func addressLength(asked: HDLCAddress.Width, _ lower: UInt16, answers: HDLCAddress.Width, _ source: UInt16) throws {
        let server = try #require(HDLCAddress(width: asked, upper: 1, lower: lower))
        let own = try #require(HDLCAddress(width: answers, upper: 1, lower: source))
        var machine = Self.machine { $0.server = server }
        #expect(Self.sent(machine.connected(now: start)).map(\.destination) == [server])
        let opened = machine.received(fromServer(.unnumberedAcknowledge, source: own), now: start)
        #expect(Self.sent(opened).map(\.destination) == [server])
    }

    @Test("Frames of other meters and to other clients are not for us")
    func otherStations() throws {
        var machine = Self.machine { $0.server = HDLCAddress(width: .two, upper: 1, lower: 17) ?? hdlcServer }
        _ = machine.connected(now: start)
        let other = try #require(HDLCAddress(width: .two, upper: 1, lower: 18))
        let own = try #require(HDLCAddress(width: .two, upper: 1, lower: 17))
        #expect(machine.received(fromServer(.unnumberedAcknowledge, source: other), now: start) == [])
        let toOther = fromServer(.unnumberedAcknowledge, source: own, destination: HDLCAddress(client: 17))
        #expect(machine.received(toOther, now: start) == [])
        #expect(Self.names(machine.received(fromServer(.unnumberedAcknowledge, source: own), now: start)) == ["I"])
    }

    @Test(
        "A line that hands back what is sent is found out, even where both addresses are the same",
        arguments: [1, 16]
    )
    func echo(client: UInt8) throws {
        var machine = Self.machine { $0.client = client }
        let own = HDLCAddress(client: client)
        func echoed(_ actions: [ClientAction]) -> [ClientAction] {
            actions.flatMap { action -> [ClientAction] in
                guard case .send(let octets) = action else { return [] }
                return machine.received(octets, now: start)
            }
        }
        #expect(Self.sent(echoed(machine.connected(now: start))) == [])
        let opened = machine.received(fromServer(.unnumberedAcknowledge, destination: own), now: start)
        #expect(Self.sent(echoed(opened)) == [])
        let accepted = machine.received(
            fromServer(
                .information(send: .zero, receive: HDLCSequenceNumber(1)),
                LLCHeader.response.octets + acceptance,
                destination: own
            ),
            now: start
        )
        #expect(accepted.contains { if case .associated = $0 { true } else { false } })
        #expect(Self.sent(echoed(machine.perform(.get([attribute()]), now: start))) == [])
        // RR of the meter looks like ours: the first one is the echo, the second the meter's.
        let ready = fromServer(.receiveReady(HDLCSequenceNumber(2)), destination: own)
        let poll = machine.received(ready, now: start)
        #expect(Self.names(poll) == ["RR"])
        #expect(Self.sent(echoed(poll)) == [])
        let answer = fromServer(
            .information(send: HDLCSequenceNumber(1), receive: HDLCSequenceNumber(2)),
            LLCHeader.response.octets + Self.value,
            destination: own
        )
        #expect(Self.isAnswer(machine.received(answer, now: start)))
    }

    @Test("What comes outside of the dialogue answers nothing", arguments: [0, 1, 16] as [UInt8])
    func unsolicited(client: UInt8) {
        var machine = Self.associated()
        _ = machine.perform(.get([attribute()]), now: start)
        let apdu = hex("0F00000001 00 1105")
        let frame = fromServer(
            client == 16 ? .unnumberedInformation : .information(send: .zero, receive: .zero),
            LLCHeader.response.octets + apdu,
            isFinal: client != 16,
            destination: HDLCAddress(client: client)
        )
        let actions = machine.received(frame, now: start)
        #expect(actions.contains { if case .unsolicited(let message) = $0 { message.octets == apdu } else { false } })
        // Even an answer that comes like this is none.
        let forged = fromServer(.unnumberedInformation, LLCHeader.response.octets + Self.value, isFinal: false)
        #expect(!Self.isAnswer(machine.received(forged, now: start)))
        #expect(Self.isAnswer(machine.received(Self.information(1, 2, Self.value), now: start)))
    }

    @Test("UA without information, or with something else in it, agrees to nothing", arguments: ["", "00", "8180"])
    func acknowledgeWithoutParameters(information: String) {
        var machine = Self.machine()
        _ = machine.connected(now: start)
        #expect(Self.names(machine.received(fromServer(.unnumberedAcknowledge, hex(information)), now: start)) == ["I"])
    }

    @Test("The time that frames take on a slow line is allowed for")
    func slowLine() throws {
        var machine = Self.machine { $0.line = LineFormat(baud: 1000) }
        let connected = machine.connected(now: start)
        let octets = try #require(
            connected.compactMap { if case .send(let octets) = $0 { octets.count } else { nil } }.first
        )
        #expect(try Self.deadline(connected) == start + .seconds(2) + .milliseconds(10 * octets))
    }

    @Test("Opening that nobody wants any more ends the link")
    func cancelled() {
        var machine = Self.machine()
        _ = machine.connected(now: start)
        let actions = machine.cancel(now: start)
        #expect(Self.names(actions) == ["DISC"])
        #expect(actions.contains(.associationFailed(.cancelled)))
        #expect(machine.received(fromServer(.disconnectedMode), now: start).last == .close)
    }

    @Test("A connection that ends while the link is set up fails the association")
    func closed() {
        var machine = Self.machine()
        _ = machine.connected(now: start)
        #expect(
            machine.connectionClosed().contains(.associationFailed(.connectionClosed(waitingFor: .linkResponse)))
        )
    }
}
