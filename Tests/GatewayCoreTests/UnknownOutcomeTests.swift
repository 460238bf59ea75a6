// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Fleet
import MeterTransport
import Testing

@testable import GatewayCore

/// Whether a failed write or method is told as one of unknown outcome, which nobody repeats.
@Suite("Failures that leave open what a meter did")
struct UnknownOutcomeTests {
    private func problem(
        _ reason: TransportError.Reason,
        of service: ServiceRequest.Service = .action,
        transmission: TransportError.Transmission = .sent
    ) throws -> String {
        let context = ExchangeContext(
            meter: try #require(MeterID("M-1")),
            association: "manager",
            channel: "line",
            endpoint: "192.0.2.1:4059",
            timeouts: MeterTimeouts(),
            service: service
        )
        return GatewayError(TransportError(reason, transmission: transmission), context).name
    }

    private static let open: [TransportError.Reason] = [
        .modem(.carrierLost), .refused, .tlsRefused(.failed(reason: "record")), .unreachable(code: 113), .cancelled,
        .answerTimeout(waitingFor: .actionResponse), .closedByPeer(waitingFor: .setResponse),
        .closedByPeer(waitingFor: nil),
        .engine(.replayed(received: 1, lastSeen: 2)), .engine(.invocationCounterError(expected: 9)),
        .engine(.malformed(DecodeError(.trailingOctets(1), at: 0, what: "answer"), waitingFor: .actionResponse)),
        .engine(.unexpectedAPDU(tag: 1, waitingFor: .setResponse)), .engine(.responseTooLong(limit: 10)),
        .engine(.exceptionResponse(ExceptionResponse(stateError: .serviceUnknown, serviceError: .decipheringError))),
    ]

    @Test(
        "A method that was sent has an unknown outcome when the call drops, or when what comes proves nothing",
        arguments: open
    )
    func afterSending(reason: TransportError.Reason) throws {
        #expect(try problem(reason) == "outcome-unknown")
    }

    @Test("Nothing is open when nothing was sent, or of a read", arguments: open)
    func withoutEffect(reason: TransportError.Reason) throws {
        #expect(try problem(reason, transmission: .notSent) != "outcome-unknown")
        #expect(try problem(reason, of: .get) != "outcome-unknown")
    }

    @Test("The meter's own refusal says that it did nothing")
    func refusal() throws {
        let refused = ExceptionResponse(stateError: .serviceNotAllowed, serviceError: .operationNotPossible)
        #expect(try problem(.engine(.exceptionResponse(refused))) == "exception-response")
        #expect(try problem(.answerTimeout(waitingFor: .associationResponse)) == "meter-timeout")
    }
}
