// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterTransport
import Synchronization
import Testing

@Suite("Protected connections to meters over TCP")
struct ProtectedTransportTests {
    let network = MeterNetwork()
    let meter = ProtectedMeter()

    private func open(
        _ listener: MeterListener,
        _ counters: (any InvocationCounterSource)?
    ) async throws(TransportError) -> MeterConnection {
        try await MeterConnection.open(
            to: TCPEndpoint(host: "127.0.0.1", port: listener.port),
            settings: ProtectedMeter.clientSettings,
            counters: counters,
            connectTimeout: .seconds(5),
            network: network
        ).connection
    }

    @Test("Counters are taken from their source, and those of the meter reported")
    func read() async throws {
        let listener = try await MeterListener.bind(objects: meter, network: network)
        let counters = CountingSource()
        let connection = try await open(listener, counters)
        for _ in 0..<100 {
            let answer = try await connection.perform(.get([ProtectedMeter.attribute]))
            #expect(answer.response == .get([.data(ProtectedMeter.value)]))
            #expect(answer.info.answerProtection.isAuthenticated && answer.info.answerProtection.isVerified)
        }
        await connection.release()
        #expect(meter.counters.refusals == 0)
        // A second connection goes on above.
        let second = try await open(listener, counters)
        _ = try await second.perform(.get([ProtectedMeter.attribute]))
        #expect(meter.counters.refusals == 0)
        await second.release()
        await listener.close()
        await network.shutdown()
    }

    @Test("Without counters nothing is sent")
    func refused() async throws {
        let listener = try await MeterListener.bind(objects: meter, network: network)
        await #expect(throws: TransportError(.engine(.countersRefused(.noSource)))) {
            _ = try await open(listener, nil)
        }
        let exhausted = CountingSource(refusal: .exhausted)
        await #expect(throws: TransportError(.engine(.countersRefused(.exhausted)))) {
            _ = try await open(listener, exhausted)
        }
        #expect(listener.counters.served.isEmpty)
        await listener.close()
        await network.shutdown()
    }

    @Test("A request whose counters are refused was not sent")
    func refusedRequest() async throws {
        let listener = try await MeterListener.bind(objects: meter, network: network)
        // Enough to open the association, and for a few requests.
        let counters = CountingSource(total: 4)
        let connection = try await open(listener, counters)
        _ = try await connection.perform(.get([ProtectedMeter.attribute]))
        await #expect(throws: TransportError(.engine(.countersRefused(.notStored)))) {
            _ = try await connection.perform(.get([ProtectedMeter.attribute]))
        }
        await listener.close()
        await network.shutdown()
    }
}

/// Hands out counters in order, as many as it has.
final class CountingSource: InvocationCounterSource {
    private struct State {
        var next: UInt64 = 1
        var left: Int
    }

    private let state: Mutex<State>
    private let refusal: CounterRefusal?

    init(total: Int = 1_000_000, refusal: CounterRefusal? = nil) {
        state = Mutex(State(left: total))
        self.refusal = refusal
    }

    func reserve(_ count: Int) async throws(InvocationCounterError) -> Range<UInt64> {
        if let refusal { throw InvocationCounterError(refusal) }
        let range = state.withLock { state -> Range<UInt64>? in
            guard state.left >= count else { return nil }
            state.left -= count
            state.next += UInt64(count)
            return state.next - UInt64(count)..<state.next
        }
        guard let range else { throw InvocationCounterError(.notStored) }
        return range
    }
}

/// A meter with one value that wants GMAC, authentication and encryption.
final class ProtectedMeter: ObjectServer {
    static let attribute = AttributeRequest(
        AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 8, 0, 255), attributeID: 2)
    )
    static let value = DLMSData.doubleLongUnsigned(1234).octets
    private static let key = Secret(Array(0..<16))
    private static let authenticationKey = Secret(Array(0xD0..<0xE0))

    static var clientSettings: AssociationSettings {
        AssociationSettings(
            link: .wrapper(clientPort: 1, serverPort: 1),
            authentication: .high(.gmac),
            security: SecuritySettings(
                clientSystemTitle: Array("MMM".utf8) + [0, 0, 0, 0, 1],
                blockCipherKey: key,
                authenticationKey: authenticationKey
            )
        )
    }

    let counters = ServerInvocationCounters()

    func association(for client: ClientAddress) -> AssociationTerms? {
        AssociationTerms(
            authentication: .high(.gmac),
            security: ServerSecurity(
                systemTitle: Array("MMM".utf8) + [0, 0, 0, 0, 2],
                blockCipherKey: Self.key,
                authenticationKey: Self.authenticationKey,
                counters: counters
            )
        )
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        .data(Self.value)
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        .readWriteDenied
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        ActionOutcome(result: .objectUndefined)
    }
}
