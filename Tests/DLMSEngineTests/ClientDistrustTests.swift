// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client does not take one thing for another")
struct ClientDistrustTests {
    private static let long = DLMSData.octetString((1...42).map { UInt8($0) })

    private func failure(_ error: EngineError) -> [ClientAction] {
        [.deadline(nil), .failed(error), .close]
    }

    private func asking(streams: Bool = false) -> ClientMachine {
        var machine = associatedMachine()
        _ = machine.perform(.get([attribute()]), streams: streams, now: start)
        return machine
    }

    @Test("A streamed read that makes way hands nothing over, so that it can be begun again")
    func interruptedStream() {
        var machine = asking(streams: true)
        machine.interrupt()
        #expect(
            machine.received(toClient(hex("C402C1 00 00000001 00 02 0902")), now: start) == [
                .deadline(nil), .failed(.cancelled),
            ]
        )
        #expect(machine.isReady)
    }

    @Test("A streamed read that has begun is not interrupted")
    func begunStream() {
        var machine = asking(streams: true)
        _ = machine.received(toClient(hex("C402C1 00 00000001 00 02 0902")), now: start)
        machine.interrupt()
        #expect(
            machine.received(toClient(hex("C402C1 00 00000002 00 01 AA")), now: start) == [
                .delivered([0xAA]), .send(toServer(hex("C002C1 00000002"))), .deadline(start + .seconds(10)),
            ]
        )
    }

    @Test("A streamed value without any octets is no value")
    func emptyStream() {
        var machine = asking(streams: true)
        let actions = machine.received(toClient(hex("C402C1 01 00000001 00 00")), now: start)
        let isMalformed = actions.contains {
            if case .failed(.malformed(_, waitingFor: .getResponse)) = $0 { true } else { false }
        }
        #expect(isMalformed)
        #expect(actions.last == .close)
    }

    @Test("A whole value in place of the next block breaks the transfer", arguments: [false, true])
    func valueForBlock(streams: Bool) {
        var machine = asking(streams: streams)
        _ = machine.received(toClient(hex("C402C1 00 00000001 00 02 0902")), now: start)
        #expect(
            machine.received(toClient(hex("C401C1 00 1105")), now: start)
                == failure(.unexpectedAPDU(tag: 0xC4, waitingFor: .getBlock))
        )
    }

    @Test("A refusal in place of the next block is a result")
    func refusalForBlock() {
        var machine = asking()
        _ = machine.received(toClient(hex("C402C1 00 00000001 00 02 0902")), now: start)
        #expect(
            machine.received(toClient(hex("C401C1 01 0F")), now: start) == [
                .deadline(nil), .completed(.get([.failure(.longGetAborted)])),
            ]
        )
    }

    @Test(
        "Success before the last block of a long write has left is not believed",
        arguments: ["C501C1 00", "C503C1 00 00000001", "C505C1 01 00", "C504C1 01 00 00000001"]
    )
    func earlySuccess(answer: String) {
        var machine = associatedMachine(ClientWriteTests.small)
        _ = machine.perform(.set([AttributeWrite(attribute(2), value: Self.long)]), now: start)
        #expect(machine.received(toClient(hex(answer)), now: start) == failure(.blockTransfer(.notAcknowledged)))
    }

    @Test(
        "Success before the last block of a long parameter has left is not believed",
        arguments: ["C701C1 00 00", "C702C1 01 00000001 02 0000"]
    )
    func earlyActionSuccess(answer: String) {
        var machine = associatedMachine(ClientWriteTests.small)
        _ = machine.perform(.action(ClientWriteTests.method, Self.long), now: start)
        #expect(machine.received(toClient(hex(answer)), now: start) == failure(.blockTransfer(.notAcknowledged)))
    }

    @Test("A refusal before the last block of a long parameter has left is a result")
    func earlyActionRefusal() {
        var machine = associatedMachine(ClientWriteTests.small)
        _ = machine.perform(.action(ClientWriteTests.method, Self.long), now: start)
        #expect(
            machine.received(toClient(hex("C701C1 03 00")), now: start) == [
                .deadline(nil), .completed(.action(ActionOutcome(result: .readWriteDenied))),
            ]
        )
    }

    @Test(
        "The refusal of a method in a block is not taken for an empty value",
        arguments: [1, 2, 3, 4, 9, 12, 15] as [UInt8]
    )
    func refusalInBlock(result: UInt8) {
        var machine = associatedMachine()
        _ = machine.perform(.action(ClientWriteTests.method, nil), now: start)
        #expect(
            machine.received(toClient(hex("C702C1 01 00000001 02") + [result, 0]), now: start) == [
                .deadline(nil), .completed(.action(ActionOutcome(result: ActionResult(rawValue: result)))),
            ]
        )
    }

    @Test("An answer counts although what follows it cannot be read; then the connection ends")
    func junkFrame() {
        var machine = asking()
        #expect(
            machine.received(toClient(hex("C401C1 00 1105")) + hex("DEADBEEF"), now: start) == [
                .deadline(nil), .completed(.get([.data([0x11, 5])])), .close,
            ]
        )
    }

    @Test("A notification before the answer to the request for an association is not that answer")
    func earlyNotification() {
        var machine = ClientMachine(settings: settings())
        _ = machine.connected(now: start)
        let notification = hex("0F0000000100 00")
        #expect(
            machine.received(toClient(notification), now: start) == [.unsolicited(UnsolicitedMessage(notification))]
        )
        _ = machine.received(toClient(acceptance), now: start)
        #expect(machine.isReady)
    }
}
