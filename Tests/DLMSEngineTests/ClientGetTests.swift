// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client reads")
struct ClientGetTests {
    /// GET of 1.0.1.8.0.255, attribute 2, with the invoke-id 1.
    static let request = toServer(hex("C001C1 0003 0100010800FF 02 00"))

    private func asking(
        _ requests: [AttributeRequest] = [attribute()],
        streams: Bool = false,
        limit: Int = 1 << 20
    ) -> ClientMachine {
        var own = settings()
        own.maximumResponseLength = limit
        var machine = ClientMachine(settings: own)
        _ = machine.connected(now: start)
        _ = machine.received(toClient(acceptance), now: start)
        _ = machine.perform(.get(requests), streams: streams, now: start)
        return machine
    }

    private func outcome(of response: String) -> [ClientAction] {
        var machine = asking()
        return machine.received(toClient(hex(response)), now: start)
    }

    private func done(_ results: GetResult...) -> [ClientAction] {
        [.deadline(nil), .completed(.get(results))]
    }

    private func failure(_ error: EngineError) -> [ClientAction] {
        [.deadline(nil), .failed(error), .close]
    }

    @Test("One attribute costs one request")
    func normal() {
        var machine = associatedMachine()
        #expect(
            machine.perform(.get([attribute()]), now: start) == [
                .send(Self.request), .deadline(start + .seconds(10)),
            ]
        )
        let answer = toClient(hex("C401C1 00 0600000001"))
        for octet in answer.dropLast() {
            #expect(machine.received([octet], now: start) == [.deadline(start + .seconds(10))])
        }
        #expect(machine.received([1], now: start) == done(.data(hex("0600000001"))))
        #expect(machine.isReady)
    }

    @Test("Nothing to read needs no request")
    func nothing() {
        var machine = associatedMachine()
        #expect(machine.perform(.get([]), now: start) == [.deadline(nil), .completed(.get([]))])
    }

    @Test("A refused attribute is a result")
    func refused() {
        #expect(outcome(of: "C401C1 01 04") == done(.failure(.objectUndefined)))
    }

    @Test("Octets after the value are dropped")
    func junk() {
        #expect(outcome(of: "C401C1 00 1105 DEADBEEF") == done(.data([0x11, 5])))
    }

    @Test("Empty frames, frames between other ports and notifications are not the answer")
    func otherFrames() {
        var machine = asking()
        #expect(machine.received(toClient([]), now: start).isEmpty)
        #expect(machine.received(toClient(hex("C401C1001101"), client: 32), now: start).isEmpty)
        #expect(
            machine.received(toClient(hex("0F0000000100 00")), now: start) == [
                .unsolicited(UnsolicitedMessage(hex("0F000000010000")))
            ]
        )
        #expect(machine.received(toClient(hex("C401C1001105")), now: start) == done(.data([0x11, 5])))
    }

    @Test("The late answer to another request is not the answer to this one")
    func stale() {
        var machine = asking()
        #expect(machine.received(toClient(hex("C401C2001101")), now: start).isEmpty)
        #expect(machine.received(toClient(hex("C402C501000000010002110A")), now: start).isEmpty)
        // The priority bit need not come back as it was sent.
        #expect(machine.received(toClient(hex("C40141001105")), now: start) == done(.data([0x11, 5])))
        #expect(
            machine.perform(.get([attribute()]), now: start).first
                == .send(toServer(hex("C001C2 0003 0100010800FF 02 00")))
        )
        #expect(machine.received(toClient(hex("C401C1001105")), now: start).isEmpty)
    }

    @Test("A value in blocks is put together, whether blocks count from 0 or 1", arguments: [UInt8(0), 1])
    func blocks(first: UInt8) {
        var machine = asking()
        let next = toServer(hex("C002C1 000000") + [first])
        #expect(
            machine.received(toClient(hex("C402C1 00 000000") + [first] + hex("00 03 090411")), now: start) == [
                .send(next), .deadline(start + .seconds(10)),
            ]
        )
        // The last block may say so with any octet but 00, and junk may follow the value.
        #expect(
            machine.received(toClient(hex("C402C1 FF 000000") + [first + 1] + hex("00 05 223344 0000")), now: start)
                == done(.data(hex("090411223344")))
        )
    }

    @Test("Blocks are taken even if the server did not offer block transfer")
    func unofferedBlocks() {
        var machine = associatedMachine(
            hex("6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000001004000007")
        )
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(
            machine.received(toClient(hex("C402C1 01 00000001 00 02 1105")), now: start) == done(.data([0x11, 5]))
        )
    }

    @Test("A block out of order ends the connection")
    func blockOrder() {
        #expect(
            outcome(of: "C402C1 00 00000002 00 01 09")
                == failure(.blockTransfer(.number(expected: 1, received: 2)))
        )
        var machine = asking()
        _ = machine.received(toClient(hex("C402C1 00 00000001 00 01 09")), now: start)
        #expect(
            machine.received(toClient(hex("C402C1 00 00000003 00 01 09")), now: start)
                == failure(.blockTransfer(.number(expected: 2, received: 3)))
        )
    }

    @Test("A block that comes twice counts once")
    func repeatedBlock() {
        var machine = asking()
        _ = machine.received(toClient(hex("C402C1 00 00000001 00 01 11")), now: start)
        _ = machine.received(toClient(hex("C402C1 00 00000001 00 01 11")), now: start)
        #expect(
            machine.received(toClient(hex("C402C1 01 00000002 00 01 05")), now: start) == done(.data([0x11, 5]))
        )
    }

    @Test("A transfer that the server gives up is a refused attribute")
    func abortedBlocks() {
        #expect(outcome(of: "C402C1 01 00000001 01 0F") == done(.failure(.longGetAborted)))
    }

    @Test("A value longer than accepted is given up")
    func tooLong() {
        var machine = asking(limit: 4)
        #expect(
            machine.received(toClient(hex("C402C1 00 00000001 00 05 0904112233")), now: start)
                == failure(.responseTooLong(limit: 4))
        )
    }

    @Test("A streamed value is handed over block by block")
    func streaming() {
        var machine = asking(streams: true)
        #expect(
            machine.received(toClient(hex("C402C1 00 00000001 00 02 0902")), now: start) == [
                .delivered([9, 2]), .send(toServer(hex("C002C1 00000001"))), .deadline(start + .seconds(10)),
            ]
        )
        #expect(
            machine.received(toClient(hex("C402C1 01 00000002 00 02 AABB")), now: start) == [
                .delivered([0xAA, 0xBB]), .deadline(nil), .completed(.streamed(octets: 4)),
            ]
        )
    }

    @Test("A short value is streamed in one part, and a refusal is a result")
    func streamingWithoutBlocks() {
        var machine = asking(streams: true)
        #expect(
            machine.received(toClient(hex("C401C1 00 1105")), now: start) == [
                .delivered([0x11, 5]), .deadline(nil), .completed(.streamed(octets: 2)),
            ]
        )
        _ = machine.perform(.get([attribute()]), streams: true, now: start)
        #expect(machine.received(toClient(hex("C401C2 01 0D")), now: start) == done(.failure(.scopeOfAccessViolated)))
    }

    @Test("Undecodable answers end the connection", arguments: ["C401C1 00 0600", "C409C1 00", "C401C1 00 55", "C4"])
    func malformed(response: String) {
        let actions = outcome(of: response)
        guard case .failed(.malformed(_, waitingFor: .getResponse))? = actions.dropFirst().first else {
            Issue.record("\(actions)")
            return
        }
        #expect(actions.last == .close)
    }

    @Test("The answer to another service ends the connection")
    func otherService() {
        #expect(outcome(of: "C501C100") == failure(.unexpectedAPDU(tag: 0xC5, waitingFor: .getResponse)))
    }

    @Test("Errors without a service fail the request; some servers leave out the tag")
    func exceptions() {
        let unknown = EngineError.exceptionResponse(
            ExceptionResponse(stateError: .serviceUnknown, serviceError: .serviceNotSupported)
        )
        #expect(outcome(of: "D80202") == [.deadline(nil), .failed(unknown)])
        #expect(outcome(of: "0202") == [.deadline(nil), .failed(unknown)])
        let notAllowed = EngineError.exceptionResponse(
            ExceptionResponse(stateError: .serviceNotAllowed, serviceError: .operationNotPossible)
        )
        #expect(outcome(of: "D80101") == failure(notAllowed))
        #expect(outcome(of: "0101") == failure(notAllowed))
        let service = EngineError.confirmedServiceError(ConfirmedServiceError(service: 5, errorClass: 3, error: 1))
        #expect(outcome(of: "0E050301") == failure(service))
        #expect(outcome(of: "050301") == failure(service))
    }

    @Test("After an exception that leaves the association open the next request is answered")
    func afterException() {
        var machine = asking()
        _ = machine.received(toClient(hex("D80202")), now: start)
        #expect(machine.isReady)
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex("C401C2001105")), now: start) == done(.data([0x11, 5])))
    }

    @Test("An answer that does not come in time ends the connection, and is not taken later")
    func timeout() {
        var machine = asking()
        #expect(machine.deadlineReached(now: start + .milliseconds(9999)).isEmpty)
        #expect(machine.deadlineReached(now: start + .seconds(10)) == failure(.timeout(waitingFor: .getResponse)))
        #expect(machine.received(toClient(hex("C401C1001105")), now: start).isEmpty)
        #expect(machine.perform(.get([attribute()]), now: start) == [.failed(.notReady)])
    }

    @Test("Each block has its own time, the whole request its deadline")
    func deadlines() {
        var machine = associatedMachine()
        let deadline = start + .seconds(15)
        #expect(
            machine.perform(.get([attribute()]), deadline: deadline, now: start).last
                == .deadline(start + .seconds(10))
        )
        #expect(
            machine.received(toClient(hex("C402C1 00 00000001 00 01 09")), now: start + .seconds(8)).last
                == .deadline(deadline)
        )
        #expect(machine.deadlineReached(now: deadline) == failure(.timeout(waitingFor: .getBlock)))
    }

    @Test("A connection that ends fails the request")
    func closed() {
        var machine = asking()
        #expect(machine.connectionClosed() == failure(.connectionClosed(waitingFor: .getResponse)))
    }

    @Test("Nothing is asked without an association or during a request")
    func notReady() {
        var machine = ClientMachine(settings: settings())
        #expect(machine.perform(.get([attribute()]), now: start) == [.failed(.notReady)])
        machine = asking()
        #expect(machine.perform(.get([attribute()]), now: start) == [.failed(.notReady)])
        #expect(machine.received(toClient(hex("C401C1001105")), now: start) == done(.data([0x11, 5])))
    }

    @Test("An answer that comes twice does not disturb the request after it, whatever that is")
    func doubledAnswer() {
        let old = hex("C401C1 00 1105")
        let method = ClientWriteListTests.method(1)
        for (request, answer) in [
            (ServiceRequest.get([attribute()]), "C401C2 00 1106"),
            (.set([AttributeWrite(attribute(), value: .unsigned(1))]), "C501C2 00"),
            (.action(method, nil), "C701C2 00 00"),
        ] {
            var machine = associatedMachine()
            _ = machine.perform(.get([attribute()]), now: start)
            #expect(machine.received(toClient(old), now: start).count == 2)
            _ = machine.perform(request, now: start)
            #expect(machine.received(toClient(old), now: start).isEmpty)
            let done = machine.received(toClient(hex(answer)), now: start)
            #expect(done.contains { if case .completed = $0 { true } else { false } })
        }
    }

    @Test("An acceptance that comes twice does not disturb anything")
    func doubledAcceptance() {
        var machine = associatedMachine()
        #expect(machine.received(toClient(acceptance), now: start).isEmpty)
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(acceptance), now: start).isEmpty)
        _ = machine.cancel(now: start)
        #expect(machine.received(toClient(acceptance), now: start).isEmpty)
        #expect(machine.isAbandoning)
    }

    @Test("The answer to a cancelled request is waited for and dropped", arguments: ["C401C1001105", "D80202"])
    func cancelled(answer: String) {
        var machine = asking()
        #expect(machine.cancel(now: start) == [.failed(.cancelled)])
        #expect(machine.isAbandoning)
        #expect(machine.perform(.get([attribute()]), now: start) == [.failed(.notReady)])
        #expect(machine.received(toClient(hex(answer)), now: start) == [.deadline(nil)])
        #expect(machine.isReady)
    }

    @Test("A cancelled long read is not continued")
    func cancelledBlocks() {
        var machine = asking()
        _ = machine.cancel(now: start)
        #expect(machine.received(toClient(hex("C402C1 00 00000001 00 01 09")), now: start) == [.deadline(nil)])
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(machine.received(toClient(hex("C401C2001105")), now: start) == done(.data([0x11, 5])))
    }

    @Test("A cancelled request that is never answered ends the connection")
    func cancelledTimeout() {
        var machine = asking()
        _ = machine.cancel(now: start)
        #expect(machine.deadlineReached(now: start + .seconds(10)) == [.deadline(nil), .close])
        machine = asking()
        _ = machine.cancel(now: start)
        #expect(machine.received(toClient(hex("D80101")), now: start) == [.deadline(nil), .close])
        machine = asking()
        _ = machine.cancel(now: start)
        #expect(machine.connectionClosed() == [.deadline(nil)])
    }

    @Test("An interrupted read ends with the answer on its way, complete or not")
    func interrupted() {
        var machine = asking()
        machine.interrupt()
        #expect(machine.received(toClient(hex("C401C1001105")), now: start) == done(.data([0x11, 5])))
        _ = machine.perform(.get([attribute()]), now: start)
        machine.interrupt()
        #expect(
            machine.received(toClient(hex("C402C2 00 00000001 00 01 09")), now: start) == [
                .deadline(nil), .failed(.cancelled),
            ]
        )
        #expect(machine.isReady)
        _ = machine.perform(.get([attribute()]), now: start)
        #expect(
            machine.received(toClient(hex("C402C3 00 00000001 00 01 09")), now: start).first
                == .send(toServer(hex("C002C3 00000001")))
        )
    }
}
