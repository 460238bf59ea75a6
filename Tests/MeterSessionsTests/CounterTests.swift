// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import MeterSessions
import MeterTransport
import Synchronization
import Testing

@Suite("Protected associations and the counters they take")
struct CounterTests {
    private static let clientTitle = Array("COSEMGW1".utf8)
    private static let object = OBISCode(0, 0, 43, 1, 0, 255)

    /// A meter that wants GMAC and protection from client 1, and shows its view of the counter to client 16.
    private final class ProtectedMeter: ObjectServer {
        let counters = ServerInvocationCounters()
        private let asked = Mutex(0)

        /// How often the counter object was read.
        var inquiries: Int { asked.withLock { $0 } }

        func association(for client: ClientAddress) -> AssociationTerms? {
            guard client.clientSAP == 1 else { return AssociationTerms() }
            return AssociationTerms(
                authentication: .high(.gmac),
                security: ServerSecurity(
                    systemTitle: Array("MTR00001".utf8),
                    blockCipherKey: Secret(Array(0..<16)),
                    authenticationKey: Secret(Array(16..<32)),
                    counters: counters
                )
            )
        }

        func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
            guard request.descriptor.instanceID == CounterTests.object else {
                return .data(DLMSData.unsigned(request.descriptor.instanceID.octets[2]).octets)
            }
            asked.withLock { $0 += 1 }
            return .data(DLMSData.doubleLongUnsigned(counters.last(of: CounterTests.clientTitle) ?? 0).octets)
        }

        func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
            .success
        }

        func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
            ActionOutcome(result: .success)
        }
    }

    /// Counters in memory, which follow up to a limit.
    private final class Custody: CounterCustody {
        private struct State {
            var next: UInt64?
            var hints: [CounterHint] = []
        }

        private let state: Mutex<State>
        private let limit: UInt64
        private let isInquisitive: Bool

        init(next: UInt64?, limit: UInt64 = 1_000_000, isInquisitive: Bool = true) {
            state = Mutex(State(next: next))
            self.limit = limit
            self.isInquisitive = isInquisitive
        }

        var hints: [CounterHint] { state.withLock { $0.hints } }

        func counters(for plan: CounterPlan) -> CounterOffer {
            state.withLock { $0.next } == nil && plan.object != nil
                ? .unknown : .ready(Source(custody: self), lastServerCounter: nil)
        }

        func follow(_ hint: CounterHint, for plan: CounterPlan) throws(CounterFault) -> Bool {
            let value: UInt32 =
                switch hint {
                case .firstUse(let value), .counterObject(let value), .expected(let value): value
                }
            let (next, to) = state.withLock { state in
                state.hints.append(hint)
                return (state.next ?? 1, UInt64(value) + 1)
            }
            guard to <= next + limit else { throw .jumpTooLong(from: next, to: to, allowed: limit) }
            state.withLock { $0.next = max(next, to) }
            return to > next
        }

        func mayInquire(for plan: CounterPlan) -> Bool { isInquisitive }

        func answered(_ info: AssociationInfo, for plan: CounterPlan) {}

        func take(_ count: Int) -> Range<UInt64> {
            state.withLock { state in
                let first = state.next ?? 1
                state.next = first + UInt64(count)
                return first..<first + UInt64(count)
            }
        }
    }

    private struct Source: InvocationCounterSource {
        let custody: Custody

        func reserve(_ count: Int) async throws(InvocationCounterError) -> Range<UInt64> { custody.take(count) }
    }

    private static func read(
        _ meter: ProtectedMeter,
        _ custody: Custody,
        refusal: ServerMachine.Options.ProtectionRefusal = .exceptionResponse,
        readsObject: Bool = true
    ) async throws -> SessionAnswer {
        let network = MeterNetwork()
        var options = MeterListener.Options()
        options.server.protectionRefusal = refusal
        let listener = try await MeterListener.bind(objects: meter, options: options, network: network)
        let sessions = MeterSessions(network: network, custody: custody)
        var settings = AssociationSettings(
            link: .wrapper(clientPort: 1, serverPort: 1),
            authentication: .high(.gmac),
            responseTimeout: .milliseconds(300)
        )
        settings.security = SecuritySettings(
            clientSystemTitle: clientTitle,
            blockCipherKey: Secret(Array(0..<16)),
            authenticationKey: Secret(Array(16..<32))
        )
        let clear = AssociationSettings(link: .wrapper(clientPort: 16, serverPort: 1))
        let route = MeterRoute(
            meter: "M1",
            channel: ChannelKey("M1"),
            medium: .tcp(TCPEndpoint(host: "127.0.0.1", port: listener.port)),
            associations: ["manager": settings],
            counters: [
                "manager": CounterPlan(
                    meter: "M1",
                    association: "manager",
                    key: try KeyFingerprint(of: Secret(Array(0..<16))),
                    clientSystemTitle: clientTitle,
                    object: readsObject ? CounterObject(logicalName: object, settings: clear) : nil
                )
            ]
        )
        let request = SessionRequest(service: .get([.object(7)]), association: "manager")
        let result: Result<SessionAnswer, SessionError>
        do throws(SessionError) {
            result = .success(try await sessions.perform(request, on: route, deadline: .now + .seconds(60)))
        } catch {
            result = .failure(error)
        }
        await sessions.shutdown()
        await listener.close()
        await network.shutdown()
        return try result.get()
    }

    @Test func `A key that was never used here begins above what the meter has seen`() async throws {
        let (meter, custody) = (ProtectedMeter(), Custody(next: nil))
        meter.counters.set(last: 5000, of: Self.clientTitle)
        #expect(try await Self.read(meter, custody).response == .objects(7))
        #expect(custody.hints == [.firstUse(5000)])
        #expect(meter.counters.refusals == 0)
    }

    @Test func `A meter that tells the counter it expects is followed once`() async throws {
        let (meter, custody) = (ProtectedMeter(), Custody(next: 10))
        meter.counters.set(last: 5000, of: Self.clientTitle)
        #expect(try await Self.read(meter, custody).response == .objects(7))
        #expect(custody.hints == [.expected(5001)])
        #expect(meter.inquiries == 0)
    }

    @Test func `A meter that keeps silent is asked for its counter`() async throws {
        let (meter, custody) = (ProtectedMeter(), Custody(next: 10))
        meter.counters.set(last: 5000, of: Self.clientTitle)
        #expect(try await Self.read(meter, custody, refusal: .silence).response == .objects(7))
        #expect(custody.hints == [.counterObject(5000)])
    }

    @Test func `Silence for another reason stays what it is`() async throws {
        let (meter, custody) = (ProtectedMeter(), Custody(next: 10))
        meter.counters.set(last: 5000, of: Self.clientTitle)
        await #expect(throws: SessionError.self) {
            try await Self.read(meter, custody, refusal: .silence, readsObject: false)
        }
        let shy = Custody(next: 10, isInquisitive: false)
        await #expect(throws: SessionError.self) { try await Self.read(meter, shy, refusal: .silence) }
        #expect(custody.hints.isEmpty && shy.hints.isEmpty)
        #expect(meter.inquiries == 0)
    }

    @Test func `A meter that is too far ahead is not followed, and that is told`() async throws {
        let (meter, custody) = (ProtectedMeter(), Custody(next: 10, limit: 1000))
        meter.counters.set(last: 5000, of: Self.clientTitle)
        let refused = meter.counters.refusals
        await #expect(throws: SessionError.self) { try await Self.read(meter, custody) }
        // One attempt and no other.
        #expect(meter.counters.refusals == refused + 1)
        #expect(custody.hints == [.expected(5001)])
    }
}
