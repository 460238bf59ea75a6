// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import MeterSessions
import MeterTransport
import Testing

@Suite("Failures name their cause")
struct FailureTests {
    @Test("A wrong password is a rejection by the meter")
    func wrongPassword() async throws {
        try await SessionsBench.run { bench in
            let expected = SessionError.transport(
                TransportError(
                    .engine(
                        .associationRejected(
                            result: .rejectedPermanent,
                            diagnostic: .authenticationFailure,
                            initiateError: nil
                        )
                    )
                )
            )
            await #expect(throws: expected) {
                _ = try await bench.read(1, in: "reading", route: bench.route(password: "wrong"))
            }
            let status = await bench.sessions.status(of: "M1")
            #expect(status.lastError == expected)
            #expect(status.lastContact == nil)
            #expect(await bench.sessions.metrics().associationFailures == [.rejected: 1])
            let response = try await bench.read(1, in: "reading").response
            #expect(response == .objects(1))
        }
    }

    @Test("A meter that accepts the connection but says nothing times out")
    func silent() async throws {
        try await SessionsBench.run { bench in
            bench.listener.setAnswering(.silent)
            await #expect(
                throws: SessionError.transport(TransportError(.answerTimeout(waitingFor: .associationResponse)))
            ) {
                _ = try await bench.read(1, route: bench.route(responseTimeout: .milliseconds(100)))
            }
            #expect(await bench.sessions.metrics().associationFailures == [.timeout: 1])
        }
    }

    @Test("A port on which nobody listens is told from a meter that does not answer")
    func refused() async throws {
        try await SessionsBench.run { bench in
            try await withHeldPort { port in
                await #expect(throws: SessionError.transport(TransportError(.refused))) {
                    _ = try await bench.read(1, route: bench.route(port: port))
                }
            }
            #expect(await bench.sessions.metrics().associationFailures == [.refused: 1])
            #expect(await bench.sessions.metrics().channels == 0)
        }
    }

    @Test("A failed request leaves its channel ready for the next")
    func recovery() async throws {
        try await SessionsBench.run { bench in
            let route = bench.route(responseTimeout: .milliseconds(100))
            bench.listener.setAnswering(.silent)
            let first = Task { try await bench.read(1, route: route) }
            let second = Task { try await bench.read(2, route: route) }
            await #expect(throws: SessionError.self) { _ = try await first.value }
            await #expect(throws: SessionError.self) { _ = try await second.value }
            bench.listener.setAnswering(.prompt)
            let response = try await bench.read(3).response
            #expect(response == .objects(3))
        }
    }
}
