// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Testing

@Suite("A client opens and releases an association")
struct ClientAssociationTests {
    private func connecting(_ settings: AssociationSettings = settings()) -> ClientMachine {
        var machine = ClientMachine(settings: settings)
        _ = machine.connected(now: start)
        return machine
    }

    private func outcome(of aare: [UInt8]) -> [ClientAction] {
        var machine = connecting()
        return machine.received(toClient(aare), now: start)
    }

    private func failure(_ error: EngineError) -> [ClientAction] {
        [.deadline(nil), .associationFailed(error), .close]
    }

    @Test("The public client asks without a mechanism")
    func publicClient() {
        var machine = ClientMachine(settings: settings())
        let aarq = hex("601DA109060760857405080101BE10040E01000000065F1F0400001E1DFFFF")
        #expect(
            machine.connected(now: start) == [
                .send(hex("000100100001001F") + aarq), .deadline(start + .seconds(10)),
            ]
        )
    }

    @Test("A password goes with the mechanism of low level security")
    func password() {
        var machine = ClientMachine(
            settings: settings(client: 32, authentication: .low(Secret(text: "12345678")), maxReceivePDUSize: 256)
        )
        let aarq = hex(
            """
            6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738\
            BE10040E01000000065F1F0400001E1D0100
            """
        )
        #expect(machine.connected(now: start).first == .send(hex("0001002000010038") + aarq))
    }

    @Test(
        "An acceptance tells what was agreed",
        arguments: [
            acceptance,
            // Lengths in the long form. Observed: Kamstrup OMNIA.
            hex("61820029A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D04000007"),
        ]
    )
    func acceptances(aare: [UInt8]) {
        let info = AssociationInfo(
            conformance: AssociationSettings.standardConformance,
            serverMaxReceivePDUSize: 1024
        )
        #expect(outcome(of: aare) == [.deadline(nil), .associated(info)])
    }

    @Test("A rejection names result and diagnostic, with or without user information")
    func rejections() {
        #expect(
            outcome(of: hex("6117A109060760857405080101A203020101A305A10302010D"))
                == failure(
                    .associationRejected(
                        result: .rejectedPermanent,
                        diagnostic: .authenticationFailure,
                        initiateError: nil
                    )
                )
        )
        #expect(
            outcome(of: hex("611FA109060760857405080101A203020102A305A103020101BE0604040E010603"))
                == failure(
                    .associationRejected(
                        result: .rejectedTransient,
                        diagnostic: .noReasonGiven,
                        initiateError: ConfirmedServiceError(service: 1, errorClass: 6, error: 3)
                    )
                )
        )
    }

    @Test("An acceptance that asks for a challenge is a rejection of a client that has none")
    func challenge() {
        #expect(
            outcome(
                of: hex("6129A109060760857405080101A203020100A305A10302010EBE10040E0800065F1F0400001E1D04000007")
            )
                == failure(
                    .associationRejected(result: .accepted, diagnostic: .authenticationRequired, initiateError: nil)
                )
        )
    }

    @Test("A server that speaks short names only is recognised")
    func shortNames() {
        #expect(
            outcome(
                of: hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F04001C0320 0400FA00")
            )
                == failure(.shortNamesOnly)
        )
    }

    @Test("Other answers fail the association with what they say")
    func otherAnswers() {
        #expect(
            outcome(of: hex("D80101"))
                == failure(
                    .exceptionResponse(
                        ExceptionResponse(stateError: .serviceNotAllowed, serviceError: .operationNotPossible)
                    )
                )
        )
        #expect(
            outcome(of: hex("0E010601"))
                == failure(.confirmedServiceError(ConfirmedServiceError(service: 1, errorClass: 6, error: 1)))
        )
        #expect(
            outcome(of: hex("C401C10000")) == failure(.unexpectedAPDU(tag: 0xC4, waitingFor: .associationResponse))
        )
    }

    @Test("Every cut-off acceptance is malformed, none is taken")
    func truncated() {
        for length in 1..<acceptance.count {
            let actions = outcome(of: Array(acceptance.prefix(length)))
            guard case .associationFailed(.malformed)? = actions.dropFirst().first else {
                Issue.record("\(length) octets: \(actions)")
                continue
            }
        }
    }

    @Test("An association that is not answered in time fails, not before")
    func timeout() {
        var machine = connecting()
        #expect(machine.deadlineReached(now: start + .seconds(9)).isEmpty)
        #expect(
            machine.deadlineReached(now: start + .seconds(10))
                == failure(.timeout(waitingFor: .associationResponse))
        )
        #expect(machine.received(toClient(acceptance), now: start).isEmpty)
    }

    @Test("A connection that ends fails the association")
    func closed() {
        var machine = connecting()
        #expect(machine.connectionClosed() == failure(.connectionClosed(waitingFor: .associationResponse)))
        #expect(machine.connectionClosed().isEmpty)
    }

    @Test(
        "Any answer ends a release",
        arguments: ["6303800100", "6300", "630A800100BE10040E0800", "D80101", "63"]
    )
    func release(answer: String) {
        var machine = associatedMachine()
        #expect(
            machine.release(now: start) == [
                .send(hex("0001001000010005 6203800100")), .deadline(start + .seconds(2)),
            ]
        )
        #expect(machine.received(toClient(hex(answer)), now: start) == [.deadline(nil), .released, .close])
    }

    @Test("A release without an answer ends by itself")
    func silentRelease() {
        var machine = associatedMachine()
        _ = machine.release(now: start)
        #expect(machine.deadlineReached(now: start + .seconds(2)) == [.deadline(nil), .released, .close])
    }

    @Test("A meter that knows no release is just closed")
    func withoutRelease() {
        var quiet = settings()
        quiet.release = false
        var machine = connecting(quiet)
        _ = machine.received(toClient(acceptance), now: start)
        #expect(machine.release(now: start) == [.deadline(nil), .released, .close])
    }

    @Test("A stream that cannot be cut into frames ends the connection")
    func brokenFraming() {
        var machine = connecting()
        let actions = machine.received(hex("0002000100100001 00"), now: start)
        guard case .associationFailed(.malformed)? = actions.dropFirst().first else {
            Issue.record("\(actions)")
            return
        }
        #expect(actions.last == .close)
    }
}
