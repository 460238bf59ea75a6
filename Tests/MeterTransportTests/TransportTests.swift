// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterTransport
import Synchronization
import Testing

@Suite("Connections to meters over TCP")
struct TransportTests {
    let network = MeterNetwork()

    @Test("A value is read, and the association released")
    func read() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let (closed, onClose) = AsyncStream.makeStream(of: Void.self)
        let (connection, info) = try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
            settings: .public,
            connectTimeout: .seconds(5),
            network: network,
            onClose: { onClose.finish() }
        )
        #expect(info.conformance.contains(.get))
        let answer = try await connection.perform(.get([.energy]))
        #expect(answer.response == .get([.data(OneValueMeter.value)]))
        #expect(connection.counters.requestsSent == 2)
        await connection.release()
        for await _ in closed {}
        #expect(!connection.isOpen)
        #expect(listener.counters.served == [.associate: 1, .get: 1, .release: 1])
        await listener.close()
        await network.shutdown()
    }

    @Test("A long value is handed over in parts")
    func stream() async throws {
        let value = DLMSData.array((0..<5000).map { .doubleLongUnsigned($0) }).octets
        let listener = try await MeterListener.bind(objects: OneValueMeter(value), network: network)
        let (connection, _) = try await MeterConnection.open(
            to: TCPEndpoint(host: "localhost", port: listener.port),
            settings: .small,
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

    @Test("A port on which nobody listens refuses")
    func refused() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let port = listener.port
        await listener.close()
        await #expect(throws: TransportError(.refused)) {
            _ = try await MeterConnection.open(
                to: TCPEndpoint(host: "127.0.0.1", port: port),
                settings: .public,
                connectTimeout: .seconds(5),
                network: network
            )
        }
        await network.shutdown()
    }

    @Test("A name without an address is told from a meter that does not answer")
    func nameNotResolved() async throws {
        await #expect(throws: TransportError(.nameNotResolved(host: "meter.invalid"))) {
            _ = try await MeterConnection.open(
                to: TCPEndpoint(host: "meter.invalid", port: 4059),
                settings: .public,
                connectTimeout: .seconds(20),
                network: network
            )
        }
        await network.shutdown()
    }

    @Test("A silent meter fails the association, and later a request, which was sent")
    func silence() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let endpoint = TCPEndpoint(host: "127.0.0.1", port: listener.port)
        let (connection, _) = try await MeterConnection.open(
            to: endpoint,
            settings: .impatient,
            connectTimeout: .seconds(5),
            network: network
        )
        listener.setAnswering(.silent)
        await #expect(throws: TransportError(.answerTimeout(waitingFor: .getResponse), transmission: .sent)) {
            _ = try await connection.perform(.get([.energy]))
        }
        await #expect(throws: TransportError(.closedByPeer(waitingFor: nil))) {
            _ = try await connection.perform(.get([.energy]))
        }
        await #expect(throws: TransportError(.answerTimeout(waitingFor: .associationResponse))) {
            _ = try await MeterConnection.open(
                to: endpoint,
                settings: .impatient,
                connectTimeout: .seconds(5),
                network: network
            )
        }
        await listener.close()
        await network.shutdown()
    }

    @Test("A meter that closes in the middle of a request is told from one that is silent")
    func dropped() async throws {
        let (asked, onGet) = AsyncStream.makeStream(of: Void.self)
        let listener = try await MeterListener.bind(objects: OneValueMeter(onGet: { onGet.yield() }), network: network)
        let (connection, _) = try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
            settings: .public,
            connectTimeout: .seconds(5),
            network: network
        )
        listener.setAnswering(.silent)
        let failure = Task { try await connection.perform(.get([.energy])) }
        await asked.first { _ in true }
        await listener.dropConnections()
        await #expect(throws: TransportError(.closedByPeer(waitingFor: .getResponse), transmission: .sent)) {
            _ = try await failure.value
        }
        await listener.close()
        await network.shutdown()
    }

    @Test("A cancelled request leaves the connection usable once its answer has come")
    func cancel() async throws {
        let (asked, onGet) = AsyncStream.makeStream(of: Void.self)
        let listener = try await MeterListener.bind(
            objects: OneValueMeter(onGet: { onGet.yield() }),
            network: network
        )
        let (connection, _) = try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
            settings: .public,
            connectTimeout: .seconds(5),
            network: network
        )
        listener.setAnswering(.held)
        let reading = Task { try await connection.perform(.get([.energy])) }
        await asked.first { _ in true }
        reading.cancel()
        await #expect(throws: TransportError(.cancelled, transmission: .sent)) { _ = try await reading.value }
        await #expect(throws: TransportError(.engine(.notReady))) { _ = try await connection.perform(.get([.energy])) }
        listener.setAnswering(.prompt)
        await connection.settled()
        let answer = try await connection.perform(.get([.energy]))
        #expect(answer.response == .get([.data(OneValueMeter.value)]))
        await connection.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("Nothing is opened for a caller who has left, and nothing stays open")
    func cancelledOpening() async throws {
        let listener = try await MeterListener.bind(objects: OneValueMeter(), network: network)
        let opening = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            _ = try await MeterConnection.open(
                to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
                settings: .public,
                connectTimeout: .seconds(5),
                network: network
            )
        }
        await #expect(throws: TransportError(.cancelled)) { try await opening.value }
        #expect(listener.counters.served.isEmpty)
        await listener.close()
        await network.shutdown()
    }

    @Test("A meter for one client makes the second wait until the first has left")
    func oneAtATime() async throws {
        let listener = try await MeterListener.bind(
            objects: OneValueMeter(),
            options: .init(servesOneAtATime: true),
            network: network
        )
        let endpoint = TCPEndpoint(host: "127.0.0.1", port: listener.port)
        let (first, _) = try await MeterConnection.open(
            to: endpoint,
            settings: .public,
            connectTimeout: .seconds(5),
            network: network
        )
        let second = Task {
            try await MeterConnection.open(
                to: endpoint,
                settings: .public,
                connectTimeout: .seconds(5),
                network: network
            )
        }
        _ = try await first.perform(.get([.energy]))
        #expect(listener.counters.accepted == 1)
        await first.release()
        let opened = try await second.value
        _ = try await opened.connection.perform(.get([.energy]))
        #expect(listener.counters.accepted == 2)
        await opened.connection.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("One process serves a thousand meters")
    func thousandListeners() async throws {
        let meter = OneValueMeter()
        var listeners: [MeterListener] = []
        for _ in 0..<1000 { listeners.append(try await MeterListener.bind(objects: meter, network: network)) }
        for listener in [listeners[0], listeners[500], listeners[999]] {
            let (connection, _) = try await MeterConnection.open(
                to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
                settings: .public,
                connectTimeout: .seconds(5),
                network: network
            )
            _ = try await connection.perform(.get([.energy]))
            await connection.release()
            #expect(listener.counters.exchanges == 1)
        }
        for listener in listeners { await listener.close() }
        await network.shutdown()
    }
}

/// A meter with one value, readable by the public client.
struct OneValueMeter: ObjectServer {
    static let value: [UInt8] = [0x06, 0, 0, 0, 42]

    private let octets: [UInt8]
    private let onGet: @Sendable () -> Void

    init(_ octets: [UInt8] = OneValueMeter.value, onGet: @escaping @Sendable () -> Void = {}) {
        self.octets = octets
        self.onGet = onGet
    }

    func association(for client: ClientAddress) -> AssociationTerms? { AssociationTerms() }
    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        onGet()
        return .data(octets)
    }
    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        .readWriteDenied
    }
    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        ActionOutcome(result: .readWriteDenied)
    }
}

extension AttributeRequest {
    static let energy = AttributeRequest(
        AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 8, 0, 255), attributeID: 2)
    )
}

extension AssociationSettings {
    static let `public` = AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1))
    static let small = AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1), maxReceivePDUSize: 256)
    static let impatient = AssociationSettings(
        link: .wrapper(clientPort: 16, serverPort: 1),
        responseTimeout: .milliseconds(100)
    )
}
