// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet
import MeterTransport
import Testing

@testable import GatewayCore

@Suite("The link to a meter, from its configuration")
struct LinkSettingsTests {
    private static func hdlc(
        _ address: MeterAddress,
        client: UInt16 = 16,
        _ change: (inout MeterBehaviour) -> Void = { _ in }
    ) throws -> HDLCLinkSettings {
        let endpoint = NetworkEndpoint(host: "127.0.0.1")
        let configuration = MeterConfiguration(
            channel: .inline(ChannelConfiguration(path: .tcp(endpoint))),
            framing: .hdlc,
            address: address
        )
        var behaviour = MeterBehaviour()
        change(&behaviour)
        return try HDLCLinkSettings(configuration, behaviour, client: client)
    }

    @Test("An address takes as few octets as hold it, or as many as the configuration says")
    func addresses() throws {
        func address(_ logical: UInt16, _ physical: UInt16?, _ octets: Int? = nil) throws -> HDLCAddress {
            try Self.hdlc(MeterAddress(logicalDevice: logical, physicalDevice: physical, octets: octets)).server
        }
        #expect(try address(1, nil).octets == [0x03])
        #expect(try address(1, 17).octets == [0x02, 0x23])
        #expect(try address(1, 0).octets == [0x02, 0x01])
        #expect(try address(1, 17, 4).octets == [0x00, 0x02, 0x00, 0x23])
        #expect(try address(1, 128).octets.count == 4)
        #expect(try address(200, nil).octets.count == 4)
        #expect(try address(1, 16_383).lower == 16_383)
    }

    @Test("Clients beyond 127 have no place in a frame", arguments: [0, 128, 300, 65_535] as [UInt16])
    func clients(client: UInt16) {
        #expect(throws: GatewayError.self) { try Self.hdlc(MeterAddress(), client: client) }
    }

    @Test("What is offered, and how the link is begun and left, is told by the behaviour")
    func behaviour() throws {
        let standard = try Self.hdlc(MeterAddress())
        #expect(standard.limits == HDLCLinkSettings.standardLimits)
        #expect(!standard.disconnectsFirst)
        #expect(standard.pauseAfterDisconnect == .zero)
        let other = try Self.hdlc(MeterAddress()) {
            $0.linkFrameLength = 128
            $0.linkWindow = 1
            $0.linkDisconnectFirst = true
            $0.linkPause = 250
        }
        #expect(other.limits == HDLCLimits.standard)
        #expect(other.disconnectsFirst)
        #expect(other.pauseAfterDisconnect == .milliseconds(250))
        #expect(try Self.hdlc(MeterAddress()) { $0.linkParameters = false }.limits == nil)
    }

    @Test("Frames have the time that they take on a serial line")
    func pace() throws {
        let settings = AssociationSettings(link: .hdlc(try Self.hdlc(MeterAddress())))
        let format = LineFormat(baud: 300, dataBits: 7, parity: .even)
        let endpoint = TCPEndpoint(host: "127.0.0.1", port: 4059)
        guard case .hdlc(let slow) = settings.paced(by: .rfc2217(endpoint, format)).link else {
            Issue.record("another link")
            return
        }
        #expect(slow.line == format)
        #expect(settings.paced(by: .tcp(endpoint)) == settings)
    }
}
