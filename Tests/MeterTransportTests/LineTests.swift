// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport
import Synchronization
import Testing

@Suite("Lines that are kept from one connection to the next")
struct LineTests {
    let network = MeterNetwork()

    private func open(_ listener: MeterListener, _ tap: LineRecorder? = nil) async throws -> MeterLine {
        try await MeterLine.open(
            .tcp(TCPEndpoint(host: "127.0.0.1", port: listener.port)),
            timeout: .seconds(5),
            network: network,
            tap: tap
        )
    }

    @Test("One association after the other is opened over the same line")
    func kept() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let line = try await open(listener)
        for _ in 0..<3 {
            let (ended, onClose) = AsyncStream.makeStream(of: Void.self)
            let (connection, _) = try await MeterConnection.open(
                on: line,
                settings: .public,
                onClose: { onClose.finish() }
            )
            let answer = try await connection.perform(.get([.energy]))
            #expect(answer.response == .get([.data(OneValueMeter.value)]))
            await connection.release(keepingLine: true)
            for await _ in ended {}
            #expect(!connection.isOpen)
            #expect(line.isOpen)
        }
        #expect(listener.counters.accepted == 1)
        #expect(listener.counters.served == [.associate: 3, .get: 3, .release: 3])
        #expect(line.counters.octetsDropped == 0)
        await line.close()
        #expect(!line.isOpen)
        await listener.close()
        await network.shutdown()
    }

    @Test("Only one connection has a line at a time")
    func exclusive() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let line = try await open(listener)
        let (first, _) = try await MeterConnection.open(on: line, settings: .public)
        await #expect(throws: TransportError(.engine(.notReady))) {
            _ = try await MeterConnection.open(on: line, settings: .public)
        }
        _ = try await first.perform(.get([.energy]))
        await first.release()
        #expect(!line.isOpen)
        await listener.close()
        await network.shutdown()
    }

    @Test("Who comes while another takes leave of a silent meter gets the line after it")
    func leaving() async throws {
        var options = MeterListener.Options()
        options.framing = .hdlc(HDLCServerSettings())
        let listener = try await MeterListener.bind(objects: OneValueMeter(), options: options, network: network)
        let line = try await open(listener)
        let settings = AssociationSettings.hdlc(at: nil)
        let (first, _) = try await MeterConnection.open(on: line, settings: settings, keepsLine: true)
        listener.setAnswering(.silent)
        await #expect(throws: TransportError.self) { _ = try await first.perform(.get([.energy])) }
        // Its DISC is on its way, and nobody will answer it.
        await #expect(throws: TransportError(.closedByPeer(waitingFor: nil))) {
            _ = try await first.perform(.get([.energy]))
        }
        listener.setAnswering(.prompt)
        let (second, _) = try await MeterConnection.open(on: line, settings: settings)
        #expect(try await second.perform(.get([.energy])).response == .get([.data(OneValueMeter.value)]))
        await second.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("A line of wrapper frames with an answer on its way is closed, whoever wants to keep it")
    func unsettled() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let line = try await open(listener)
        let (connection, _) = try await MeterConnection.open(on: line, settings: .impatient, keepsLine: true)
        listener.setAnswering(.silent)
        await #expect(throws: TransportError(.answerTimeout(waitingFor: .getResponse), transmission: .sent)) {
            _ = try await connection.perform(.get([.energy]))
        }
        let (closed, onClose) = AsyncStream.makeStream(of: Void.self)
        line.onClose { onClose.finish() }
        for await _ in closed {}
        #expect(!line.isOpen)
        await listener.close()
        await network.shutdown()
    }

    @Test("A tap sees every octet in its order")
    func tapped() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let tap = LineRecorder()
        let line = try await open(listener, tap)
        let (connection, _) = try await MeterConnection.open(on: line, settings: .public)
        _ = try await connection.perform(.get([.energy]))
        await connection.release()
        let events = tap.events
        #expect(events.first == .opened)
        #expect(events.last == .closed)
        let sent = events.compactMap { if case .sent(let octets) = $0 { octets.count } else { nil } }
        let received = events.compactMap { if case .received(let octets) = $0 { octets.count } else { nil } }
        #expect(sent.count == 3)
        #expect(sent.reduce(0, +) == line.counters.octetsSent)
        #expect(received.reduce(0, +) == line.counters.octetsReceived)
        await listener.close()
        await network.shutdown()
    }
}

/// Keeps what happens on a line.
final class LineRecorder: LineTap {
    private let content = Mutex<[LineEvent]>([])

    var events: [LineEvent] { content.withLock { $0 } }

    func note(_ event: LineEvent, at instant: ContinuousClock.Instant) {
        content.withLock { $0.append(event) }
    }
}
