// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("HDLC from end to end")
struct HDLCLinkTests {
    /// Lengths of information and windows.
    static let limits = [(32, 1), (32, 7), (128, 1), (128, 3), (253, 7), (2030, 1), (2030, 7)]

    @Test("A long value is read whole in segments and windows", arguments: limits)
    func longGet(information: Int, window: Int) {
        var pair = HDLCPair(.test(information: information, window: window), meters: [meterWithLongValue()])
        #expect(pair.isAssociated)
        #expect(pair.perform(.get([attribute()])) == .get([.data(ClientServerTests.long.octets)]))
        #expect(pair.frames.allSatisfy { $0.information.count <= information })
        #expect(pair.frames.contains { $0.information.count == information && $0.isSegmented } || information > 1024)
        // Between two polls of the client at most a window of frames comes.
        for run in pair.frames.split(whereSeparator: { $0.source == hdlcClient }) { #expect(run.count <= window) }
    }

    @Test("A long value is written whole in segments and windows", arguments: limits)
    func longSet(information: Int, window: Int) {
        let meter = meterWithLongValue(.nullData)
        var pair = HDLCPair(.test(information: information, window: window), meters: [meter])
        #expect(pair.perform(.set([AttributeWrite(attribute(), value: ClientServerTests.long)])) == .set([.success]))
        #expect(meter.stored(at: attribute()) == ClientServerTests.long)
        #expect(pair.frames.allSatisfy { $0.information.count <= information })
        for run in pair.frames.split(whereSeparator: { $0.source == hdlcServer }) { #expect(run.count <= window) }
    }

    @Test("A value in one APDU of 60,000 octets passes in segments both ways")
    func largeAPDU() {
        let value = DLMSData.octetString((0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: 0xFFFF)])
        meter.store(value, at: attribute())
        var pair = HDLCPair(.test(information: 128, window: 7), meters: [meter])
        #expect(pair.perform(.get([attribute()])) == .get([.data(value.octets)]))
        #expect(pair.perform(.set([AttributeWrite(attribute(), value: value)])) == .set([.success]))
    }

    @Test("The smaller of what both can do holds, in each direction")
    func negotiation() throws {
        var settings = HDLCServerSettings()
        settings.limits = HDLCLimits(
            informationTransmit: 100,
            informationReceive: 60,
            windowTransmit: 4,
            windowReceive: 2
        )
        let meter = meterWithLongValue()
        var pair = HDLCPair(.test(information: 80, window: 3), meters: [meter], servers: [settings])
        #expect(pair.perform(.get([attribute()])) != nil)
        #expect(pair.frames.filter { $0.source == hdlcServer }.map(\.information.count).max() == 80)
        #expect(pair.perform(.set([AttributeWrite(attribute(), value: ClientServerTests.long)])) != nil)
        #expect(pair.frames.filter { $0.source == hdlcClient }.map(\.information.count).max() == 60)
    }

    @Test("Without an offer frames of 128 octets and windows of one hold")
    func noOffer() {
        var link = HDLCLinkSettings.test
        link.limits = nil
        var pair = HDLCPair(link, meters: [meterWithLongValue()])
        #expect(pair.frames.isEmpty == false)
        #expect(pair.frames.first?.information == [])
        #expect(pair.perform(.get([attribute()])) != nil)
        #expect(pair.frames.map(\.information.count).max() == 128)
        for run in pair.frames.split(whereSeparator: { $0.source == hdlcClient }) { #expect(run.count == 1) }
    }

    @Test("A meter that is not ready is asked until it is")
    func notReady() {
        var settings = HDLCServerSettings()
        settings.notReadyTurns = 5
        var pair = HDLCPair(meters: [meterWithLongValue()], servers: [settings])
        #expect(pair.perform(.get([attribute()])) == .get([.data(ClientServerTests.long.octets)]))
        let refusals = pair.frames.filter { if case .receiveNotReady = $0.control.kind { true } else { false } }
        #expect(refusals.count >= 5)
    }

    @Test("A meter that is never ready ends the request in time")
    func neverReady() {
        var settings = HDLCServerSettings()
        settings.notReadyTurns = 1_000_000
        let pair = HDLCPair(meters: [meterWithLongValue()], servers: [settings])
        #expect(pair.error == .timeout(waitingFor: .associationResponse))
        #expect(pair.outcomes.last == .close)
    }

    @Test("Several clients have links and associations side by side")
    func severalClients() {
        let meter = TestMeter(terms: [16: AssociationTerms(), 17: AssociationTerms()])
        meter.store(.unsigned(5), at: attribute())
        var server = ServerMachine(objects: meter, framing: .hdlc(HDLCServerSettings()), random: systemRandom)
        for client in [16, 17] as [UInt8] {
            var machine = ClientMachine(
                settings: AssociationSettings(link: .hdlc(HDLCLinkSettings(client: client, server: hdlcServer)))
            )
            var pending = machine.connected(now: start)
            while let action = pending.first {
                pending.removeFirst()
                guard case .send(let octets) = action else { continue }
                for case .send(let answer) in server.received(octets, now: start) {
                    pending += machine.received(answer, now: start)
                }
            }
            #expect(machine.isReady)
        }
        #expect(server.openAssociations == 2)
    }

    @Test("Of several meters on one line the one that is addressed answers")
    func sharedLine() throws {
        let meters = (0..<3).map { number in meterWithLongValue(.unsigned(UInt8(number))) }
        for (number, physical) in [16, 17, 300].enumerated() {
            var link = HDLCLinkSettings.test
            link.server = try #require(HDLCAddress(width: .four, upper: 1, lower: UInt16(physical)))
            var pair = HDLCPair(
                link,
                meters: meters,
                servers: [16, 17, 300].map { HDLCServerSettings(physicalDevice: $0) }
            )
            #expect(pair.perform(.get([attribute()])) == .get([.data([0x11, UInt8(number)])]))
            #expect(Set(pair.frames.map(\.source)).count == 2)
        }
    }

    @Test("Nobody answers at an address that nobody has")
    func wrongAddress() throws {
        var link = HDLCLinkSettings.test
        link.server = try #require(HDLCAddress(width: .two, upper: 1, lower: 18))
        let pair = HDLCPair(link, meters: [TestMeter()], servers: [HDLCServerSettings(physicalDevice: 17)])
        #expect(pair.error == .timeout(waitingFor: .linkResponse))
        #expect(pair.outcomes.last == .close)
    }

    @Test(
        "A meter answers in its own name to the addresses that mean any device",
        arguments: [(HDLCAddress.Width.two, 0x7E), (.two, 0x7F), (.four, 0x3FFE), (.four, 0x3FFF)]
            as [(HDLCAddress.Width, UInt16)]
    )
    func anyDevice(width: HDLCAddress.Width, lower: UInt16) throws {
        var link = HDLCLinkSettings.test
        link.server = try #require(HDLCAddress(width: width, upper: 1, lower: lower))
        var pair = HDLCPair(link, meters: [meterWithLongValue()], servers: [HDLCServerSettings(physicalDevice: 17)])
        #expect(pair.perform(.get([attribute()])) != nil)
        #expect(pair.frames.last?.source.lower == 17)
    }

    @Test("The end of an association ends the link")
    func release() {
        var pair = HDLCPair(meters: [meterWithLongValue()])
        pair.release()
        #expect(pair.outcomes == [.released, .close])
        #expect(pair.frames.map(\.control.name).suffix(2) == ["DISC", "UA"])
        #expect(pair.servers[0].openAssociations == 0)
    }

    @Test("A failure ends the link before the connection is closed")
    func failure() {
        let meter = TestMeter(terms: [:])
        let pair = HDLCPair(meters: [meter])
        guard case .associationRejected? = pair.error else {
            Issue.record("\(String(describing: pair.error))")
            return
        }
        #expect(pair.frames.map(\.control.name).suffix(2) == ["DISC", "UA"])
        #expect(pair.outcomes.last == .close)
    }

    @Test("A link on which nothing comes is gone with its association, and the meter says so")
    func inactivity() {
        var settings = HDLCServerSettings()
        settings.inactivityTimeout = .seconds(30)
        var pair = HDLCPair(meters: [meterWithLongValue()], servers: [settings])
        pair.wait(.seconds(29))
        #expect(pair.perform(.get([attribute()])) != nil)
        pair.wait(.seconds(31))
        #expect(pair.servers[0].openAssociations == 0)
        #expect(pair.perform(.get([attribute()])) == nil)
        #expect(pair.error == .linkFailed(.disconnected, waitingFor: .getResponse))
    }

    @Test("Notifications come in UI frames, over several frames if they are long")
    func notification() throws {
        let meter = TestMeter(terms: [16: AssociationTerms(conformance: AssociationSettings.fullConformance)])
        var pair = HDLCPair(
            .test(information: 64, window: 1),
            meters: [meter],
            association: {
                $0.proposedConformance = AssociationSettings.fullConformance
            }
        )
        let notification = try DataNotification(
            octets: hex("0F00000001 0C07EA0B16FF0C0000FF800000")
                + DLMSData.octetString([UInt8](repeating: 7, count: 300)).octets
        )
        pair.notify(.dataNotification(notification))
        #expect(pair.outcomes == [.unsolicited(.dataNotification(notification))])
        #expect(pair.frames.suffix(5).map(\.control.name) == ["UI", "UI", "UI", "UI", "UI"])
    }

    @Test("A value is handed over in parts as its blocks come")
    func streaming() {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: 256)])
        meter.store(ClientServerTests.long, at: attribute())
        var pair = HDLCPair(
            .test(information: 128, window: 3),
            meters: [meter],
            association: { $0.maxReceivePDUSize = 256 }
        )
        #expect(
            pair.perform(.get([attribute()]), streams: true) == .streamed(octets: ClientServerTests.long.octets.count)
        )
        let parts = pair.outcomes.compactMap { if case .delivered(let part) = $0 { part } else { nil } }
        #expect(parts.count > 10)
        #expect(parts.flatMap(\.self) == ClientServerTests.long.octets)
    }

    @Test("General blocks go in windows above those of frames", arguments: [1, 3, 7])
    func generalBlocks(window: Int) {
        let terms = AssociationTerms(
            conformance: [.get, .set, .generalBlockTransfer],
            maxReceivePDUSize: 128,
            maxSendPDUSize: 128
        )
        let meter = TestMeter(terms: [16: terms])
        meter.store(ClientServerTests.long, at: attribute())
        var pair = HDLCPair(
            .test(information: 64, window: window),
            meters: [meter],
            association: {
                $0.proposedConformance = [.get, .set, .generalBlockTransfer]
                $0.maxReceivePDUSize = 128
                $0.blockTransfer.window = 4
            }
        )
        #expect(pair.perform(.get([attribute()])) == .get([.data(ClientServerTests.long.octets)]))
        #expect(pair.perform(.set([AttributeWrite(attribute(), value: ClientServerTests.long)])) == .set([.success]))
    }
}
