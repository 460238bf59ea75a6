// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A server on an HDLC line")
struct HDLCServerTests {
    static func machine(_ change: (inout HDLCServerSettings) -> Void = { _ in }) -> ServerMachine {
        var settings = HDLCServerSettings()
        change(&settings)
        return ServerMachine(objects: meterWithLongValue(.unsigned(5)), framing: .hdlc(settings), random: systemRandom)
    }

    static func toServer(
        _ kind: HDLCControl.Kind,
        _ information: [UInt8] = [],
        isPoll: Bool = true,
        destination: HDLCAddress = hdlcServer
    ) -> [UInt8] {
        HDLCFrame(
            destination: destination,
            source: hdlcClient,
            control: HDLCControl(kind, isPollOrFinal: isPoll),
            information: information
        )?.octets ?? []
    }

    static func frames(_ actions: [ServerAction]) -> [HDLCFrame] {
        var reassembler = HDLCReassembler()
        for case .send(let octets) in actions { reassembler.push(octets) }
        var frames: [HDLCFrame] = []
        while case .frame(let frame)? = reassembler.next() { frames.append(frame) }
        return frames
    }

    static func names(_ actions: [ServerAction]) -> [String] { frames(actions).map(\.control.name) }

    static func information(_ send: UInt8, _ receive: UInt8, _ apdu: [UInt8], isPoll: Bool = true) -> [UInt8] {
        toServer(
            .information(send: HDLCSequenceNumber(send), receive: HDLCSequenceNumber(receive)),
            LLCHeader.command.octets + apdu,
            isPoll: isPoll
        )
    }

    static let aarq = hex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF")
    static let get = hex("C001C1 0003 0100010800FF 02 00")

    /// A server with an open association; the client's next frame has the number 1.
    static func associated(_ change: (inout HDLCServerSettings) -> Void = { _ in }) -> ServerMachine {
        var machine = machine(change)
        _ = machine.received(toServer(.setNormalResponseMode))
        _ = machine.received(information(0, 0, aarq))
        return machine
    }

    @Test("Without a link everything but SNRM is answered DM when polled")
    func disconnected() {
        var machine = Self.machine()
        #expect(Self.names(machine.received(Self.information(0, 0, Self.aarq))) == ["DM"])
        #expect(Self.names(machine.received(Self.toServer(.receiveReady(.zero)))) == ["DM"])
        #expect(Self.names(machine.received(Self.toServer(.disconnect))) == ["DM"])
        #expect(machine.received(Self.toServer(.receiveReady(.zero), isPoll: false)) == [])
        #expect(Self.names(machine.received(Self.toServer(.setNormalResponseMode))) == ["UA"])
        #expect(Self.names(machine.received(Self.toServer(.disconnect))) == ["UA"])
        #expect(Self.names(machine.received(Self.toServer(.disconnect))) == ["DM"])
    }

    @Test("UA has parameters if SNRM had some, and may be a refusal of them")
    func parameters() throws {
        var machine = Self.machine()
        let offer = HDLCParameterBlock(HDLCLimits(informationTransmit: 200, informationReceive: 90, windowTransmit: 2))
        let answer = try #require(
            Self.frames(machine.received(Self.toServer(.setNormalResponseMode, offer.octets))).first
        )
        let agreed = try HDLCParameterBlock(octets: answer.information).limits
        #expect(agreed == HDLCLimits(informationTransmit: 90, informationReceive: 200, windowReceive: 2))
        #expect(Self.frames(machine.received(Self.toServer(.setNormalResponseMode))).first?.information == [])
        var refusing = Self.machine { $0.takesParameters = false }
        #expect(Self.names(refusing.received(Self.toServer(.setNormalResponseMode, offer.octets))) == ["DM"])
        #expect(Self.names(refusing.received(Self.toServer(.setNormalResponseMode))) == ["UA"])
    }

    @Test("A request that comes twice is answered twice and carried out once")
    func duplicate() {
        let meter = TestMeter()
        meter.store(.unsigned(5), at: attribute())
        var machine = ServerMachine(objects: meter, framing: .hdlc(HDLCServerSettings()), random: systemRandom)
        _ = machine.received(Self.toServer(.setNormalResponseMode))
        _ = machine.received(Self.information(0, 0, Self.aarq))
        let first = machine.received(Self.information(1, 1, Self.get))
        let second = machine.received(Self.information(1, 1, Self.get))
        #expect(Self.frames(first) == Self.frames(second))
        #expect(Self.names(first) == ["I"])
        #expect(meter.reads == 1)
        #expect(Self.names(machine.received(Self.toServer(.receiveReady(HDLCSequenceNumber(2))))) == ["RR"])
    }

    @Test("A request without the poll bit is answered when the poll comes")
    func pollLater() {
        var machine = Self.associated()
        #expect(Self.names(machine.received(Self.information(1, 1, Self.get, isPoll: false))) == [])
        #expect(Self.names(machine.received(Self.toServer(.receiveReady(HDLCSequenceNumber(1))))) == ["I"])
    }

    @Test("A client that is not ready is sent nothing")
    func clientNotReady() {
        var machine = Self.associated()
        _ = machine.received(Self.information(1, 1, Self.get, isPoll: false))
        #expect(Self.names(machine.received(Self.toServer(.receiveNotReady(HDLCSequenceNumber(1))))) == ["RR"])
        #expect(Self.names(machine.received(Self.toServer(.receiveReady(HDLCSequenceNumber(1))))) == ["I"])
    }

    @Test("What must not be is refused by FRMR with the reason, until the link is set up again")
    func rejection() throws {
        var machine = Self.associated()
        func reasons(_ octets: [UInt8]) throws -> HDLCFrameReject.Reasons {
            let frame = try #require(Self.frames(machine.received(octets)).first)
            return try HDLCFrameReject(octets: frame.information).reasons
        }
        #expect(try reasons(Self.toServer(.unsupported(0xEF))) == .invalidControl)
        #expect(try reasons(Self.information(1, 1, Self.get)) == .invalidControl)
        _ = machine.received(Self.toServer(.setNormalResponseMode))
        #expect(try reasons(Self.toServer(.receiveReady(HDLCSequenceNumber(5)))) == .invalidReceiveNumber)
        _ = machine.received(Self.toServer(.setNormalResponseMode))
        let long = Self.information(0, 0, [UInt8](repeating: 0, count: 126))
        #expect(try reasons(long) == .informationTooLong)
        _ = machine.received(Self.toServer(.setNormalResponseMode))
        #expect(Self.names(machine.received(Self.information(0, 0, Self.aarq))) == ["I"])
    }

    @Test("SNRM and DISC end the association")
    func ends() {
        for kind in [HDLCControl.Kind.setNormalResponseMode, .disconnect] {
            var machine = Self.associated()
            #expect(machine.openAssociations == 1)
            _ = machine.received(Self.toServer(kind))
            #expect(machine.openAssociations == 0)
        }
    }

    @Test("A link without frames is gone when its time is up")
    func inactivity() throws {
        var machine = Self.machine { $0.inactivityTimeout = .seconds(30) }
        let opened = machine.received(Self.toServer(.setNormalResponseMode), now: start)
        #expect(opened.contains(.deadline(start + .seconds(30))))
        let used = machine.received(Self.information(0, 0, Self.aarq), now: start + .seconds(20))
        #expect(used.contains(.deadline(start + .seconds(50))))
        #expect(machine.deadlineReached(now: start + .seconds(30)) == [.deadline(start + .seconds(50))])
        #expect(machine.openAssociations == 1)
        #expect(machine.deadlineReached(now: start + .seconds(50)) == [.deadline(nil)])
        #expect(machine.openAssociations == 0)
        #expect(Self.names(machine.received(Self.information(1, 1, Self.get), now: start + .seconds(51))) == ["DM"])
    }

    @Test("A frame that was cut off does not swallow the next one")
    func cut() {
        var machine = Self.machine()
        let snrm = Self.toServer(.setNormalResponseMode)
        let long = Self.information(0, 0, [UInt8](repeating: 1, count: 100))
        #expect(machine.received(Array(long.prefix(40)), now: start) == [])
        #expect(Self.names(machine.received(snrm, now: start + .seconds(3))) == ["UA"])
    }

    @Test(
        "Frames for other devices are passed over, those for any device are answered",
        arguments: [
            (17, true), (18, false), (0x7E, true), (0x7F, true),
        ] as [(UInt16, Bool)]
    )
    func addresses(lower: UInt16, isAnswered: Bool) throws {
        var machine = Self.machine { $0.physicalDevice = 17 }
        let destination = try #require(HDLCAddress(width: .two, upper: 1, lower: lower))
        let answers = Self.frames(machine.received(Self.toServer(.setNormalResponseMode, destination: destination)))
        #expect(answers.map(\.source) == (isAnswered ? [HDLCAddress(width: .two, upper: 1, lower: 17)] : []))
        #expect(machine.received(Self.toServer(.setNormalResponseMode)) == [])
    }

    @Test("Broadcasts to all logical devices are never answered")
    func broadcast() throws {
        var machine = Self.associated()
        let all = try #require(HDLCAddress(width: .two, upper: 0x7F, lower: 0x7F))
        #expect(Self.frames(machine.received(Self.toServer(.setNormalResponseMode, destination: all))) == [])
        let information = LLCHeader.command.octets + Self.get
        #expect(
            Self.frames(machine.received(Self.toServer(.unnumberedInformation, information, destination: all))) == []
        )
        #expect(machine.openAssociations == 1)
    }
}
