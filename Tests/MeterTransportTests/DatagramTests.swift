// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Synchronization
import Testing

@testable import MeterTransport

@Suite("Meters over UDP")
struct DatagramTests {
    let network = MeterNetwork()

    private func listener(
        _ meter: OneValueMeter = OneValueMeter(),
        host: String = "127.0.0.1",
        _ options: MeterListener.Options = MeterListener.Options()
    ) async throws -> MeterListener {
        try await MeterListener.bind(.udp(host: host, port: 0), .init(meter, options), network: network)
    }

    @Test("A value is read and the association released, over IPv4 and IPv6", arguments: ["127.0.0.1", "::1"])
    func read(host: String) async throws {
        let listener = try await listener(host: host)
        let (connection, _) = try await MeterConnection.open(
            to: .udp(TCPEndpoint(host: host, port: listener.port)),
            settings: .public,
            connectTimeout: .seconds(5),
            network: network
        )
        let answer = try await connection.perform(.get([.energy]))
        #expect(answer.response == .get([.data(OneValueMeter.value)]))
        await connection.release()
        #expect(listener.counters.served == [.associate: 1, .get: 1, .release: 1])
        await listener.close()
        await network.shutdown()
    }

    @Test("A long value comes in blocks, each in a datagram", arguments: [false, true])
    func long(isHDLC: Bool) async throws {
        let value = DLMSData.array((0..<3000).map { .doubleLongUnsigned($0) }).octets
        var options = MeterListener.Options()
        if isHDLC { options.framing = .hdlc(HDLCServerSettings()) }
        let listener = try await listener(OneValueMeter(value), options)
        let (connection, _) = try await MeterConnection.open(
            to: .udp(TCPEndpoint(host: "127.0.0.1", port: listener.port)),
            settings: isHDLC ? .hdlc(at: nil) : .small,
            connectTimeout: .seconds(5),
            network: network
        )
        let received = Mutex<[UInt8]>([])
        let answer = try await connection.perform(.get([.energy])) { part in received.withLock { $0 += part } }
        #expect(answer.response == .streamed(octets: value.count))
        #expect(received.withLock { $0 } == value)
        await connection.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("Clients are told apart by their addresses")
    func clients() async throws {
        let listener = try await listener()
        let endpoint = TCPEndpoint(host: "127.0.0.1", port: listener.port)
        var connections: [MeterConnection] = []
        for _ in 0..<3 {
            let opened = try await MeterConnection.open(
                to: .udp(endpoint),
                settings: .public,
                connectTimeout: .seconds(5),
                network: network
            )
            connections.append(opened.connection)
        }
        for connection in connections { _ = try await connection.perform(.get([.energy])) }
        #expect(listener.counters.accepted == 3)
        for connection in connections { await connection.release() }
        await listener.close()
        await network.shutdown()
    }

    @Test("A lost answer is a time-out")
    func lost() async throws {
        let listener = try await listener()
        listener.setAnswering(.silent)
        await #expect(throws: TransportError(.answerTimeout(waitingFor: .associationResponse))) {
            _ = try await MeterConnection.open(
                to: .udp(TCPEndpoint(host: "127.0.0.1", port: listener.port)),
                settings: .impatient,
                connectTimeout: .seconds(5),
                network: network
            )
        }
        await listener.close()
        await network.shutdown()
    }

    @Test("A port on which nobody listens refuses, where the network says so")
    func refused() async throws {
        let listener = try await listener()
        let port = listener.port
        await listener.close()
        await #expect(throws: TransportError(.refused)) {
            _ = try await MeterConnection.open(
                to: .udp(TCPEndpoint(host: "127.0.0.1", port: port)),
                settings: .public,
                connectTimeout: .seconds(5),
                network: network
            )
        }
        await network.shutdown()
    }

    @Test("Each frame of the wrapper goes into a datagram of its own, and pieces of one are not taken")
    func framing() {
        let one: [UInt8] = [0, 1, 0, 16, 0, 1, 0, 2, 0xAA, 0xBB]
        let other: [UInt8] = [0, 1, 0, 16, 0, 1, 0, 1, 0xCC]
        #expect(DatagramFraming.datagrams(one + other).map { Array($0) } == [one, other])
        #expect(DatagramFraming.datagrams([0x7E, 0xA0, 0x7E]).map { Array($0) } == [[0x7E, 0xA0, 0x7E]])
        #expect(DatagramFraming.isWhole(one))
        #expect(!DatagramFraming.isWhole(Array(one.dropLast())))
        #expect(!DatagramFraming.isWhole(Array(one.prefix(5))))
        #expect(DatagramFraming.isWhole([0x7E, 0xA0]))
    }
}
