// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct TextMessageReassemblerTests {
    private let messages: [TextMessage] = Vector.load("iec62056-21").compactMap {
        try? TextMessage(octets: TextParity.characters(of: $0.octets).characters)
    }

    private func items(
        _ stream: [UInt8],
        piece: Int,
        side: TextMessageReassembler.Side
    ) -> [TextMessageReassembler.Item] {
        var reassembler = TextMessageReassembler(side: side)
        var items: [TextMessageReassembler.Item] = []
        for start in stride(from: 0, to: stream.count, by: piece) {
            reassembler.push(stream[start..<min(start + piece, stream.count)])
            while let item = reassembler.next() { items.append(item) }
        }
        return items
    }

    @Test(arguments: [1, 2, 5, 1000])
    func messagesComeOutHoweverTheStreamIsSplit(piece: Int) {
        #expect(messages.count == 20)
        let stream = TextParity.even.octets(of: messages.flatMap(\.octets))
        #expect(items(stream, piece: piece, side: .meter) == messages.map { .message($0) })
    }

    @Test func anAcknowledgementStandsAloneForAClient() {
        var client = TextMessageReassembler(side: .client)
        client.push([TextCharacter.acknowledge])
        #expect(client.next() == .message(.acknowledge))
        client.push([TextCharacter.negativeAcknowledge])
        #expect(client.next() == .message(.negativeAcknowledge))
        var meter = TextMessageReassembler(side: .meter)
        meter.push([TextCharacter.acknowledge])
        #expect(meter.next() == nil)
        #expect(meter.next(isSilent: true) == .message(.acknowledge))
    }

    @Test func wakeUpCharactersAreNoise() {
        let stream = [UInt8](repeating: 0, count: 65) + RequestMessage().octets
        let found = items(stream, piece: 100, side: .meter)
        #expect(found == [.noise([UInt8](repeating: 0, count: 65), nil), .message(.request(RequestMessage()))])
    }

    @Test func aDamagedMessageIsNoiseAndTheNextOneComes() throws {
        var damaged = CommandMessage.signOff.octets
        damaged[3] ^= 4
        let stream = damaged + [0x55] + CommandMessage.signOff.octets
        let found = items(stream, piece: 1, side: .meter)
        #expect(found.last == .message(.command(.signOff)))
    }

    @Test func aListenerTakesTheDataWithTheIdentification() throws {
        let text = Array("/KFM5KAIFA-METER\r\n\r\n1-0:1.8.1(000671.578*kWh)\r\n!\r\n".utf8)
        let telegram = try TextMessage(octets: text)
        #expect(items(text + text, piece: 7, side: .listener) == [.message(telegram), .message(telegram)])
        guard case .message(.identification) = items(text, piece: 7, side: .client).first else {
            Issue.record("a client waits for data")
            return
        }
    }

    @Test func aListenerTakesFramedDataAsAMessageOfItsOwn() throws {
        let identification = try #require(
            IdentificationMessage(manufacturer: "ELS", baudCharacter: 0x40, identification: "V1.0")
        )
        let data = try #require(DataMessage(content: Array("1.8.0(1)\r\n!\r\n".utf8)))
        let found = items(identification.octets + data.octets, piece: 3, side: .listener)
        #expect(found == [.message(.identification(identification)), .message(.data(data))])
    }

    @Test func exactEchoesAreDropped() {
        var reassembler = TextMessageReassembler(side: .client)
        reassembler.sent(.request(RequestMessage()))
        reassembler.push(RequestMessage().octets + RequestMessage().octets)
        #expect(reassembler.next() == .message(.request(RequestMessage())))
        #expect(reassembler.next() == nil)
    }

    @Test func whatIsCutBySilenceIsNoise() {
        var reassembler = TextMessageReassembler(side: .client)
        reassembler.push(Array("/ISk5MT".utf8))
        #expect(reassembler.next() == nil)
        guard case .noise(Array("/ISk5MT".utf8), _?) = reassembler.next(isSilent: true) else {
            Issue.record("the cut identification stays")
            return
        }
        #expect(reassembler.pendingCount == 0)
    }

    @Test func randomOctetsNeverCrash() {
        var generator = SeededGenerator(state: 5)
        for side in [TextMessageReassembler.Side.client, .clientAwaitingConfirmation, .meter, .listener] {
            var reassembler = TextMessageReassembler(side: side)
            for _ in 0..<2000 {
                reassembler.push(generator.octets(upTo: 100))
                while reassembler.next() != nil {}
            }
        }
    }
}
