// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Testing

@Suite("Meters behind a gateway that wants a prefix")
struct GatewayPrefixTests {
    private static let address = GatewayAddress(networkID: 1, physicalDeviceAddress: [0x01, 0x23])
    private static let prefix: [UInt8] = [0xE6, 1, 2, 0x01, 0x23]

    private static var behind: AssociationSettings {
        var settings = AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1))
        settings.gateway = address
        return settings
    }

    /// A client that has asked for an association through the gateway.
    private func asking(_ settings: AssociationSettings = behind) -> (client: ClientMachine, sent: [UInt8]) {
        var client = ClientMachine(settings: settings)
        let sent = apdu(in: client.connected(now: start))
        return (client, sent)
    }

    private func apdu(in actions: [ClientAction]) -> [UInt8] {
        for case .send(let octets) in actions { return Array(octets.dropFirst(8)) }
        return []
    }

    private func error(in actions: [ClientAction]) -> EngineError? {
        for case .associationFailed(let error) in actions { return error }
        return nil
    }

    private func wrapped(_ apdu: [UInt8]) -> [UInt8] { toClient(apdu) }

    @Test("An association is opened, and values are read, through a concentrator")
    func read() {
        var concentrator = Concentrator([Self.address: TestMeter()])
        var (client, sent) = asking()
        #expect(sent.starts(with: Self.prefix + [0x60]))
        let opened = client.received(wrapped(concentrator.answer(sent)), now: start)
        #expect(opened.contains { if case .associated = $0 { true } else { false } })
        let request = apdu(in: client.perform(.get([attribute()]), now: start))
        #expect(request.starts(with: Self.prefix + [0xC0]))
        let done = client.received(wrapped(concentrator.answer(request)), now: start)
        #expect(done.contains { if case .completed = $0 { true } else { false } })
    }

    @Test("The answer of another meter behind the gateway is not taken")
    func otherMeter() {
        for prefix in [[0xE7, 1, 2, 0x01, 0x24], [0xE7, 2, 2, 0x01, 0x23], [0xE7, 1, 1, 0x01]] as [[UInt8]] {
            var (client, sent) = asking()
            var concentrator = Concentrator([Self.address: TestMeter()])
            let answer = Array(concentrator.answer(sent).dropFirst(Self.prefix.count))
            #expect(error(in: client.received(wrapped(prefix + answer), now: start)) == nil)
            let right = client.received(wrapped([0xE7, 1, 2, 0x01, 0x23] + answer), now: start)
            #expect(right.contains { if case .associated = $0 { true } else { false } })
        }
    }

    @Test("An answer without a prefix is the gateway's, and never taken for the meter's")
    func unprefixed() {
        var (client, sent) = asking()
        var concentrator = Concentrator([Self.address: TestMeter()])
        let answer = Array(concentrator.answer(sent).dropFirst(Self.prefix.count))
        #expect(
            error(in: client.received(wrapped(answer), now: start))
                == .unexpectedAPDU(tag: 0x61, waitingFor: .associationResponse)
        )
    }

    @Test("A gateway may refuse for itself")
    func refused() {
        var (client, sent) = asking()
        var concentrator = Concentrator([:])
        let refusal = concentrator.answer(sent)
        guard case .exceptionResponse? = error(in: client.received(wrapped(refusal), now: start)) else {
            Issue.record("the refusal was not understood")
            return
        }
    }

    @Test("A prefix that cannot be decoded ends the association")
    func malformed() {
        var (client, _) = asking()
        guard case .malformed? = error(in: client.received(wrapped([0xE7, 1, 9, 1]), now: start)) else {
            Issue.record("the fault was not seen")
            return
        }
    }

    @Test("Long values pass a gateway whole whatever the PDU sizes are", arguments: ClientServerTests.sizes)
    func longValues(size: UInt16) {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: max(size, 64))])
        meter.store(ClientServerTests.long, at: attribute())
        var behind = settings(maxReceivePDUSize: size)
        behind.gateway = Self.address
        var pair = MachinePair(behind, meter, seed: UInt64(size))
        #expect(pair.perform(.get([attribute()])) == .get([.data(ClientServerTests.long.octets)]))
        let write = ServiceRequest.set([AttributeWrite(attribute(), value: ClientServerTests.long)])
        #expect(pair.perform(write) == .set([.success]))
        #expect(pair.lastRequest.starts(with: Self.prefix))
    }

    @Test("Protected messages lie behind the prefix")
    func protected() throws {
        let fixture = try SecurityFixture()
        let meter = fixture.meter()
        meter.store(.unsigned(7), at: attribute())
        var behind = fixture.client(.high(.gmac), fixture.clientSecurity())
        behind.gateway = Self.address
        var pair = MachinePair(behind, meter)
        #expect(pair.perform(.get([attribute()])) == .get([.data(DLMSData.unsigned(7).octets)]))
        #expect(pair.lastRequest.starts(with: Self.prefix + [0xC8]))
        pair.release()
        #expect(pair.outcomes.contains(.released))
    }
}

/// A gateway with meters behind it, without any input or output.
struct Concentrator {
    private var meters: [GatewayAddress: ServerMachine]

    init(_ meters: [GatewayAddress: TestMeter]) {
        self.meters = meters.mapValues { ServerMachine(objects: $0) }
    }

    /// What it answers to an APDU: what the meter answers, or an exception-response of its own.
    mutating func answer(_ apdu: [UInt8]) -> [UInt8] {
        var reader = OctetReader(apdu)
        let refusal: [UInt8] = [0xD8, 1, 1]
        guard let prefix = try? GatewayPrefix(decoding: &reader), prefix.isRequest else { return refusal }
        let address = GatewayAddress(
            networkID: prefix.networkID,
            physicalDeviceAddress: prefix.physicalDeviceAddress
        )
        guard let actions = meters[address]?.received(toServer(prefix.apdu), now: start) else { return refusal }
        for case .send(let octets) in actions {
            let answer = GatewayPrefix(
                isRequest: false,
                networkID: prefix.networkID,
                physicalDeviceAddress: prefix.physicalDeviceAddress,
                apdu: Array(octets.dropFirst(8))
            )
            return answer.octets
        }
        return refusal
    }
}
