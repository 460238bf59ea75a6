// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import MeterTransport
import Testing

@testable import MeterSessions

@Suite("What a failure says about a meter")
struct BlameTests {
    @Test(
        "What fails before anything was sent is no answer of the meter",
        arguments: [
            EngineError.countersRefused(.late), .randomnessUnavailable, .protectionFailed(.missingAuthenticationKey),
            .requestTooLong(octets: 2, limit: 1), .serviceNotAgreed(.access), .methodsUnnamed(classID: 9, version: 0),
            .notReady,
        ]
    )
    func ours(_ error: EngineError) {
        #expect(SessionError.transport(TransportError(.engine(error))).blame == .unknown)
    }

    @Test("What the meter answers tells that it is there, however it answers")
    func answered() {
        for error in [
            EngineError.authenticationFailed, .invocationCounterError(expected: 7), .decipheringFailed(.tagMismatch),
        ] {
            #expect(SessionError.transport(TransportError(.engine(error))).blame == .nobody)
        }
    }
}
