// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Testing

@Suite("A server answers")
struct ServerMachineTests {
    static let aarq = hex("601DA109060760857405080101BE10040E01000000065F1F0400001E1D0040")
    static let get = hex("C001C1 0003 0100010800FF 02 00")

    private func server(
        _ meter: TestMeter = TestMeter(),
        associated: Bool = true,
        size: UInt16 = 1024
    ) -> ServerMachine {
        var machine = ServerMachine(objects: meter)
        if associated { _ = machine.received(toServer(Self.aarq)) }
        return machine
    }

    private func meter(_ value: DLMSData = .unsigned(5)) -> TestMeter {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: 64), 32: AssociationTerms()])
        meter.store(value, at: attribute())
        return meter
    }

    @Test("An association is agreed with the services that both have")
    func associate() {
        let meter = TestMeter(terms: [
            16: AssociationTerms(conformance: [.get, .eventNotification], maxReceivePDUSize: 256)
        ])
        var machine = server(meter, associated: false)
        #expect(
            machine.received(toServer(Self.aarq)) == [
                .send(
                    toClient(
                        hex(
                            """
                            6129A109060760857405080101A203020100A305A103020100\
                            BE10040E0800065F1F040000001001000007
                            """
                        )
                    )
                ),
                .served(.associate),
            ]
        )
        #expect(machine.openAssociations == 1)
        // SET was not agreed.
        #expect(
            machine.received(toServer(hex("C101C1 0003 0100010800FF 02 00 1107"))) == [
                .send(toClient(hex("D80202"))), .served(.exception),
            ]
        )
    }

    @Test(
        "Proposals that cannot be met are rejected with the reason",
        arguments: [
            ("05", "001E1D", "0400", "0E010601"), ("06", "000000", "0400", "0E010602"),
            ("06", "001E1D", "0010", "0E010603"),
        ]
    )
    func rejectedProposal(version: String, conformance: String, size: String, error: String) {
        var machine = server(associated: false)
        let aarq = hex(
            "601DA109060760857405080101BE10040E01000000" + version + "5F1F0400" + conformance + size
        )
        #expect(
            machine.received(toServer(aarq)) == [
                .send(toClient(hex("611FA109060760857405080101A203020101A305A103020101BE060404" + error))),
                .served(.refuse),
            ]
        )
        #expect(machine.openAssociations == 0)
    }

    @Test("Without an association no service is allowed")
    func notAssociated() {
        var machine = server(meter(), associated: false)
        for apdu in [Self.get, hex("6203800100")] {
            #expect(machine.received(toServer(apdu)) == [.send(toClient(hex("D80101"))), .served(.exception)])
        }
    }

    @Test("A release ends the association")
    func release() {
        var machine = server(meter())
        #expect(machine.received(toServer(Self.get)) == [.send(toClient(hex("C401C1001105"))), .served(.get)])
        #expect(
            machine.received(toServer(hex("6200"))) == [.send(toClient(hex("6303800100"))), .served(.release)]
        )
        #expect(machine.received(toServer(Self.get)) == [.send(toClient(hex("D80101"))), .served(.exception)])
    }

    @Test("Clients on one connection have associations of their own")
    func sideBySide() {
        var machine = server(meter())
        #expect(
            machine.received(toServer(Self.get, client: 32)) == [
                .send(toClient(hex("D80101"), client: 32)), .served(.exception),
            ]
        )
        _ = machine.received(toServer(Self.aarq, client: 32))
        #expect(machine.openAssociations == 2)
        #expect(
            machine.received(toServer(Self.get, client: 32)) == [
                .send(toClient(hex("C401C1001105"), client: 32)), .served(.get),
            ]
        )
    }

    @Test("A value longer than the client takes goes in blocks")
    func blocks() {
        var machine = server(meter(.octetString([UInt8](repeating: 9, count: 60))))
        // 64 octets: 12 around them leave 52.
        let first = hex("C402C1 00 00000001 00 34 093C") + [UInt8](repeating: 9, count: 50)
        #expect(machine.received(toServer(Self.get)) == [.send(toClient(first)), .served(.get)])
        let last = hex("C402C1 01 00000002 00 0A") + [UInt8](repeating: 9, count: 10)
        #expect(
            machine.received(toServer(hex("C002C1 00000001"))) == [.send(toClient(last)), .served(.get)]
        )
        #expect(
            machine.received(toServer(hex("C002C1 00000002"))) == [
                .send(toClient(hex("C402C1 01 00000002 01 10"))), .served(.get),
            ]
        )
    }

    @Test("A request for another block than the next one ends the transfer")
    func wrongBlock() {
        var machine = server(meter(.octetString([UInt8](repeating: 9, count: 60))))
        _ = machine.received(toServer(Self.get))
        #expect(
            machine.received(toServer(hex("C002C1 00000005"))) == [
                .send(toClient(hex("C402C1 01 00000005 01 13"))), .served(.get),
            ]
        )
        #expect(
            machine.received(toServer(hex("C002C1 00000001"))) == [
                .send(toClient(hex("C402C1 01 00000001 01 10"))), .served(.get),
            ]
        )
    }

    @Test("Several attributes are written at once, also in blocks")
    func writeList() {
        let meter = meter()
        meter.store(.unsigned(6), at: attribute(3))
        var machine = server(meter)
        #expect(
            machine.received(
                toServer(hex("C104C1 02 0003 0100010800FF 02 00 0003 0100010800FF 04 00 02 1107 1108"))
            ) == [
                .send(toClient(hex("C505C1 02 00 04"))), .served(.set),
            ]
        )
        #expect(meter.stored(at: attribute()) == .unsigned(7))
        #expect(
            machine.received(
                toServer(
                    hex("C105C1 02 0003 0100010800FF 02 00 0003 0100010800FF 03 00 00 00000001 03 02110A")
                )
            )
                == [.send(toClient(hex("C502C1 00000001"))), .served(.set)]
        )
        #expect(
            machine.received(toServer(hex("C103C1 01 00000002 02 110B"))) == [
                .send(toClient(hex("C504C1 02 00 00 00000002"))), .served(.set),
            ]
        )
        #expect(meter.stored(at: attribute(3)) == .unsigned(11))
    }

    @Test("A block out of order ends a long write, and nothing is written")
    func wrongWriteBlock() {
        let meter = meter()
        var machine = server(meter)
        _ = machine.received(toServer(hex("C102C1 0003 0100010800FF 02 00 00 00000001 01 11")))
        #expect(
            machine.received(toServer(hex("C103C1 01 00000003 01 07"))) == [
                .send(toClient(hex("C503C1 13 00000003"))), .served(.set),
            ]
        )
        #expect(
            machine.received(toServer(hex("C103C1 01 00000002 01 07"))) == [
                .send(toClient(hex("C503C1 12 00000002"))), .served(.set),
            ]
        )
        #expect(meter.stored(at: attribute()) == .unsigned(5))
    }

    @Test("An unconfirmed write is done without an answer")
    func unconfirmed() {
        let meter = meter()
        var machine = server(meter)
        #expect(
            machine.received(toServer(hex("C10181 0003 0100010800FF 02 00 1107"))) == [.served(.set)]
        )
        #expect(meter.stored(at: attribute()) == .unsigned(7))
    }

    @Test("What is unknown, cut off or too long is answered with an exception")
    func exceptions() {
        var machine = server(meter())
        for (apdu, answer) in [
            (hex("0501020008"), "D80202"), (hex("C001C1 0003"), "D80203"),
            (Self.get + [UInt8](repeating: 0, count: 60), "D80104"),
        ] {
            #expect(machine.received(toServer(apdu)) == [.send(toClient(hex(answer))), .served(.exception)])
        }
    }

    @Test("A stream that cannot be cut into frames ends the connection")
    func brokenFraming() {
        var machine = server(associated: false)
        #expect(machine.received(hex("4745542F20485454")) == [.close])
    }
}
