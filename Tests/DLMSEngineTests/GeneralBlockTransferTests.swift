// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@testable import DLMSEngine

@Suite("General block transfer")
struct GeneralBlockTransferTests {
    /// The example of a request in one block and an answer in a stream of three.
    @Test("A request in one block is answered in a stream, acknowledged where the turn passes")
    func stream() throws {
        var client = GeneralBlockTransferLayer(.client, .init(window: 3), limit: 1000)
        let request = hex("C001C1 0003 0100010800FF 02 00")
        #expect(client.begin(request, blockLength: 100) == [hex("E0 83 0001 0000 0D") + request])
        #expect(client.received(hex("E0 43 0001 0001 02 0102")) == .init())
        #expect(client.received(hex("E0 43 0002 0001 02 0304")) == .init())
        #expect(client.received(hex("E0 03 0003 0001 02 0506")) == .init(send: [hex("E0 83 0002 0003 00")]))
        #expect(client.received(hex("E0 83 0004 0002 01 07")) == .init(apdu: [1, 2, 3, 4, 5, 6, 7]))
        #expect(!client.isActive)
    }

    @Test("A long request waits for the peer's window before it streams")
    func longRequest() throws {
        var client = GeneralBlockTransferLayer(.client, .init(window: 1), limit: 1000)
        #expect(client.begin([1, 2, 3, 4, 5, 6, 7], blockLength: 2) == [hex("E0 01 0001 0000 02 0102")])
        #expect(
            client.received(hex("E0 02 0001 0001 00"))
                == .init(send: [hex("E0 41 0002 0001 02 0304"), hex("E0 01 0003 0001 02 0506")])
        )
        #expect(client.received(hex("E0 02 0002 0003 00")) == .init(send: [hex("E0 81 0004 0002 01 07")]))
        #expect(client.received(hex("E0 82 0003 0004 01 AA")) == .init(apdu: [0xAA]))
    }

    @Test("An acknowledgement that claims to be the last block is none")
    func emptyLastBlock() {
        var client = GeneralBlockTransferLayer(.client, .init(window: 1), limit: 1000)
        _ = client.begin([1, 2, 3], blockLength: 2)
        #expect(client.received(hex("E0 83 0001 0001 00")) == .init(send: [hex("E0 81 0002 0001 01 03")]))
        #expect(client.received(hex("E0 83 0002 0002 01 AA")) == .init(apdu: [0xAA]))
        // The window is known now, so the next request streams; the first block is not repeated without being asked for.
        #expect(
            client.begin([1, 2, 3], blockLength: 2) == [hex("E0 41 0001 0000 02 0102"), hex("E0 81 0002 0000 01 03")]
        )
        #expect(client.silence() == nil)
    }

    @Test("A request whose blocks acknowledge those of an exchange before is taken")
    func staleAcknowledgement() {
        var server = GeneralBlockTransferLayer(.server, .init(window: 1), limit: 1000)
        #expect(server.received(hex("E0 45 0001 0007 01 01")) == .init())
        #expect(server.received(hex("E0 85 0002 0007 01 02")) == .init(apdu: [1, 2]))
    }

    @Test("A gap is repeated from the missing block on")
    func gap() throws {
        var server = GeneralBlockTransferLayer(.server, .init(window: 1), limit: 1000)
        #expect(server.received(hex("E0 83 0001 0000 01 AA")).apdu == [0xAA])
        #expect(server.answer([1, 2, 3, 4], blockLength: 1).count == 3)
        #expect(
            server.received(hex("E0 83 0002 0001 00")).send == [
                hex("E0 41 0002 0001 01 02"), hex("E0 41 0003 0001 01 03"), hex("E0 81 0004 0001 01 04"),
            ]
        )
    }

    @Test("A stream of window 0 is taken without a word, and given up when a block is missing")
    func unacknowledged() {
        var client = GeneralBlockTransferLayer(.client, .init(), limit: 1000)
        let blocks = GeneralBlockTransferLayer.unacknowledgedStream([1, 2, 3], blockLength: 1)
        #expect(blocks == [hex("E0 40 0001 0000 01 01"), hex("E0 40 0002 0000 01 02"), hex("E0 80 0003 0000 01 03")])
        #expect(client.received(blocks[0]) == .init())
        #expect(client.received(blocks[1]) == .init())
        #expect(client.received(blocks[2]) == .init(apdu: [1, 2, 3]))
        #expect(client.received(blocks[0]) == .init())
        #expect(client.received(blocks[2]) == .init())
        #expect(client.received(blocks[0]) == .init())
        #expect(client.received(blocks[1]) == .init())
        #expect(client.received(blocks[2]) == .init(apdu: [1, 2, 3]))
    }

    @Test("A stream of window 0 passes beside an exchange in progress")
    func besideExchange() {
        var client = GeneralBlockTransferLayer(.client, .init(window: 4), limit: 1000)
        _ = client.begin([0xC0], blockLength: 10)
        #expect(client.received(hex("E0 44 0001 0001 01 01")) == .init())
        #expect(client.received(hex("E0 40 0001 0000 01 0F")) == .init())
        #expect(client.received(hex("E0 C0 0002 0000 01 0E")) == .init(apdu: [0x0F, 0x0E]))
        #expect(client.received(hex("E0 84 0002 0001 01 02")) == .init(apdu: [1, 2]))
    }

    @Test("An answer that never ends is refused when it is too long")
    func tooLong() {
        var client = GeneralBlockTransferLayer(.client, .init(window: 1), limit: 3)
        _ = client.begin([0xC0], blockLength: 10)
        #expect(client.received(hex("E0 01 0001 0001 02 0101")).fault == nil)
        #expect(client.received(hex("E0 01 0002 0001 02 0101")).fault == .responseTooLong(limit: 3))
    }

    @Test("Turns that bring nothing new are not taken for ever")
    func standstill() {
        var client = GeneralBlockTransferLayer(.client, .init(window: 1, repetitions: 2), limit: 3)
        _ = client.begin([0xC0], blockLength: 10)
        var faults: [EngineError?] = []
        for number in 1...4 { faults.append(client.received(hex("E0 01 000\(number) 0001 00")).fault) }
        #expect(faults == [nil, nil, nil, .blockTransfer(.noProgress(turns: 3))])
    }

    @Test("A request in one block is not repeated on silence, what has begun is")
    func silence() {
        var client = GeneralBlockTransferLayer(.client, .init(window: 3), limit: 100)
        #expect(client.silence() == nil)
        _ = client.begin([0xC0], blockLength: 10)
        #expect(client.silence() == nil)
        _ = client.received(hex("E0 43 0001 0001 01 01"))
        #expect(client.silence() == [hex("E0 83 0002 0001 00")])
        var fresh = GeneralBlockTransferLayer(.client, .init(window: 3), limit: 100)
        _ = fresh.begin([1, 2], blockLength: 1)
        #expect(fresh.silence() == [hex("E0 03 0001 0000 01 01")])
    }

    @Test("Octets that are no block end the transfer")
    func unreadable() {
        var client = GeneralBlockTransferLayer(.client, .init(), limit: 100)
        #expect(client.received(hex("E0 01 00")).fault == .blockTransfer(.unreadable))
    }

    @Test(
        "Whatever is lost, doubled or reordered, both APDUs arrive whole",
        arguments: [1, 2, 5, 63] as [UInt8],
        [0, 1, 2, 3]
    )
    func unreliable(window: UInt8, fault: Int) throws {
        for seed in 0..<50 as Range<UInt64> {
            var line = UnreliableLine(seed: seed, losses: fault & 1 > 0, disorder: fault & 2 > 0)
            let request = (0..<90).map { UInt8($0) }
            let answer = (0..<250).map { UInt8($0) }
            let settings = GeneralBlockTransferSettings(window: window, repetitions: 30)
            var client = GeneralBlockTransferLayer(.client, settings, limit: 1000)
            var server = GeneralBlockTransferLayer(.server, settings, limit: 1000)
            var toServer = line.pass(client.begin(request, blockLength: 7))
            var answers: [[UInt8]] = []
            var received: [UInt8]?
            var rounds = 0
            while received == nil {
                rounds += 1
                try #require(rounds < 2000)
                var toClient: [[UInt8]] = []
                for block in toServer {
                    let output = server.received(block)
                    #expect(output.fault == nil)
                    toClient += line.pass(output.send)
                    if let apdu = output.apdu {
                        answers.append(apdu)
                        toClient += line.pass(server.answer(answer, blockLength: 7))
                    }
                }
                toServer = []
                for block in toClient where received == nil {
                    let output = client.received(block)
                    #expect(output.fault == nil)
                    toServer += line.pass(output.send)
                    received = output.apdu
                }
                if toServer.isEmpty, received == nil {
                    let repeated = client.silence()
                    toServer = line.pass(try #require(repeated))
                }
            }
            #expect(received == answer)
            #expect(answers == [request])
        }
    }
}

/// A line on which blocks are lost, come twice or overtake each other.
private struct UnreliableLine {
    private var random: SplitMix
    private let losses: Bool
    private let disorder: Bool

    init(seed: UInt64, losses: Bool, disorder: Bool) {
        random = SplitMix(state: seed)
        self.losses = losses
        self.disorder = disorder
    }

    mutating func pass(_ blocks: [[UInt8]]) -> [[UInt8]] {
        var arriving: [[UInt8]] = []
        for block in blocks {
            if losses, Int.random(in: 0..<10, using: &random) == 0 { continue }
            arriving.append(block)
            if disorder, Int.random(in: 0..<10, using: &random) == 0 { arriving.append(block) }
        }
        if disorder, arriving.count > 1, Bool.random(using: &random) {
            arriving.swapAt(0, Int.random(in: 1..<arriving.count, using: &random))
        }
        return arriving
    }
}
