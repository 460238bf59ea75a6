// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport
import Synchronization
import Testing

@Suite("Faults of simulated meters over TCP")
struct FaultTests {
    private let network = MeterNetwork()

    private func listener(_ faults: MeterFaults, refusesOthers: Bool = false) async throws -> MeterListener {
        var options = MeterListener.Options(faults: faults)
        options.refusesOthers = refusesOthers
        return try await MeterListener.bind(objects: OneValueMeter(), options: options, network: network)
    }

    private func connect(to listener: MeterListener) async throws(TransportError) -> MeterConnection {
        var settings = AssociationSettings.public
        settings.responseTimeout = .milliseconds(300)
        let endpoint = TCPEndpoint(host: "127.0.0.1", port: listener.port)
        return try await MeterConnection.open(
            to: endpoint,
            settings: settings,
            connectTimeout: .seconds(5),
            network: network
        ).connection
    }

    /// What becomes of a GET when this happens to its answer, the second one.
    private func read(_ effect: Fault.Effect) async throws -> Result<ServiceResponse, TransportError> {
        let faults = MeterFaults(FaultInjector([Fault(effect, when: .init(after: 1, times: 1))]))
        let listener = try await listener(faults)
        let connection = try await connect(to: listener)
        let result: Result<ServiceResponse, TransportError>
        do {
            result = .success(try await connection.perform(.get([.energy])).response)
        } catch {
            result = .failure(error)
        }
        #expect(faults.happened == [effect.name: 1])
        await connection.close()
        await listener.close()
        await network.shutdown()
        return result
    }

    @Test(
        "What does no harm to the octets does none to the value",
        arguments: [
            Fault.Effect.delay(.milliseconds(20), jitter: .milliseconds(10)), .trickle(octetTime: .milliseconds(2)),
            .duplication(copies: 2),
        ]
    )
    func harmless(_ effect: Fault.Effect) async throws {
        #expect(try await read(effect).get() == .get([.data(OneValueMeter.value)]))
    }

    @Test("A lost answer is a time-out", arguments: [Fault.Effect.loss, .truncation(octets: 9), .halfOpen])
    func silent(_ effect: Fault.Effect) async throws {
        await #expect(throws: TransportError(.answerTimeout(waitingFor: .getResponse), transmission: .sent)) {
            try await read(effect).get()
        }
    }

    @Test("A connection that ends is told as such", arguments: [Fault.Effect.cut(octets: 9), .closing, .reset])
    func ended(_ effect: Fault.Effect) async throws {
        await #expect(throws: TransportError(.closedByPeer(waitingFor: .getResponse), transmission: .sent)) {
            try await read(effect).get()
        }
    }

    @Test("A meter that turns clients away")
    func refused() async throws {
        let faults = MeterFaults(FaultInjector([Fault(.refusal, when: .init(times: 1))]))
        let listener = try await listener(faults)
        await #expect(throws: TransportError.self) { _ = try await connect(to: listener) }
        let connection = try await connect(to: listener)
        await connection.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("While one client is connected the next is turned away")
    func exclusive() async throws {
        let listener = try await listener(MeterFaults(FaultInjector()), refusesOthers: true)
        let first = try await connect(to: listener)
        await #expect(throws: TransportError.self) { _ = try await connect(to: listener) }
        #expect(try await first.perform(.get([.energy])).response == .get([.data(OneValueMeter.value)]))
        await first.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("Who watches sees requests, answers and faults in their order")
    func watched() async throws {
        let events = Mutex<[MeterFaults.Event]>([])
        let injector = FaultInjector([Fault(.duplication(copies: 1), when: .init(after: 1, times: 1))])
        let faults = MeterFaults(injector) { event, _ in events.withLock { $0.append(event) } }
        let listener = try await listener(faults)
        let connection = try await connect(to: listener)
        _ = try await connection.perform(.get([.energy]))
        await connection.close()
        await listener.close()
        await network.shutdown()
        let seen = events.withLock { $0 }.map { event in
            switch event {
            case .connected: "connected"
            case .disconnected: "disconnected"
            case .received: "<"
            case .sent: ">"
            case .happened(let names, to: let direction): "\(names.map(\.rawValue)) \(direction?.rawValue ?? "")"
            }
        }
        #expect(seen == ["connected", "<", ">", "<", "[\"duplicate\"] answers", ">", ">", "disconnected"])
    }
}
