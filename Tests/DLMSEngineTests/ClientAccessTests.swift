// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("A client uses the ACCESS service")
struct ClientAccessTests {
    static let conformance = AssociationSettings.standardConformance.union(.access)
    static let items: [AccessItem] = [
        .get(attribute(2)), .set(AttributeWrite(attribute(3), value: .unsigned(7))),
        .action(MethodInvocation(ClientWriteListTests.method(1), parameter: .unsigned(9))),
    ]
    static let request = hex(
        "D9 C0000001 00 03 01 0003 0100010800FF 02 02 0003 0100010800FF 03 03 0046 000060030AFF 01 03 00 1107 1109"
    )

    /// A machine whose server agreed to ACCESS, with or without lists.
    static func machine(lists: Bool = true, size: String = "0400") -> ClientMachine {
        var settings = settings()
        settings.proposedConformance = conformance
        var machine = ClientMachine(settings: settings)
        _ = machine.connected(now: start)
        let bits = lists ? "001E5D" : "001C5D"
        let aare = "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400\(bits)\(size)0007"
        _ = machine.received(toClient(hex(aare)), now: start)
        return machine
    }

    @Test("Items of all kinds go in one request and come back in their order")
    func mixed() {
        var machine = Self.machine()
        #expect(
            machine.perform(.access(Self.items, breaksOnError: false), now: start).first
                == .send(toServer(Self.request))
        )
        let outcomes: [AccessOutcome] = [
            .get(.data([0x11, 5])), .set(.readWriteDenied),
            .action(ActionOutcome(result: .success, returned: .data([0x11, 6]))),
        ]
        // The echo of what was asked, and a date-time, are skipped.
        let echo = "0C 07E8FF01FF00000000800000 01 01 01 0003 0100010800FF 02"
        #expect(
            machine.received(
                toClient(hex("DA C0000001 \(echo) 03 1105 00 1106 03 01 00 02 03 03 00")),
                now: start
            ) == [.deadline(nil), .completed(.access(outcomes))]
        )
        #expect(machine.info.learned.access == .works)
    }

    @Test("What follows an error is skipped when that was asked for")
    func breaksOnError() {
        var machine = Self.machine()
        _ = machine.perform(.access(Self.items, breaksOnError: true), now: start)
        #expect(
            machine.received(toClient(hex("DA E0000001 00 00 01 00 01 01 04")), now: start) == [
                .deadline(nil), .completed(.access([.get(.failure(.objectUndefined)), .skipped, .skipped])),
            ]
        )
    }

    @Test("The service has to have been agreed to")
    func notAgreed() {
        var machine = associatedMachine()
        #expect(
            machine.perform(.access(Self.items, breaksOnError: false), now: start) == [
                .deadline(nil), .failed(.serviceNotAgreed(.access)),
            ]
        )
        #expect(machine.isReady)
    }

    @Test("A long request is split, and results of its first part survive the failure of the second")
    func split() {
        var machine = Self.machine(size: "002C")
        _ = machine.perform(.access(Self.items, breaksOnError: false), now: start)
        #expect(
            machine.received(toClient(hex("DA C0000001 00 00 02 1105 00 02 01 00 02 00")), now: start).first
                == .send(toServer(hex("D9 C0000002 00 01 03 0046 000060030AFF 01 01 1109")))
        )
        #expect(
            machine.deadlineReached(now: start + .seconds(10)).dropFirst().first
                == .partlyDone(
                    PartialOutcome(results: .access([.get(.data([0x11, 5])), .set(.success)]), unknown: 1)
                )
        )
    }

    @Test("Reads share an ACCESS request where lists were not agreed to, and go alone when that is refused")
    func reads() {
        var machine = Self.machine(lists: false)
        let request = toServer(
            hex("D9 C0000001 00 02 01 0003 0100010800FF 02 01 0003 0100010800FF 03 02 00 00")
        )
        #expect(machine.perform(.get(ClientListTests.both), now: start).first == .send(request))
        var refused = machine
        #expect(
            machine.received(toClient(hex("DA C0000001 00 00 02 1101 00 02 01 00 01 04")), now: start) == [
                .deadline(nil), .completed(.get([.data([0x11, 1]), .failure(.objectUndefined)])),
            ]
        )
        #expect(refused.received(toClient(hex("D80202")), now: start).first == ClientListTests.single(2, invokeID: 2))
        #expect(refused.info.learned.access == .refused)
    }

    @Test("A client and a server of ours understand each other")
    func together() throws {
        let meter = TestMeter(terms: [16: AssociationTerms(conformance: Self.conformance)])
        meter.store(.unsigned(5), at: attribute(2))
        meter.store(.unsigned(6), at: attribute(3))
        var settings = settings()
        settings.proposedConformance = Self.conformance
        var pair = MachinePair(settings, meter)
        let response = pair.perform(.access(Self.items + [.get(attribute(9))], breaksOnError: false))
        #expect(
            response
                == .access([
                    .get(.data([0x11, 5])), .set(.success),
                    .action(ActionOutcome(result: .success, returned: .data([0x11, 9]))),
                    .get(.failure(.objectUndefined)),
                ])
        )
        #expect(meter.stored(at: attribute(3)) == .unsigned(7))
        let broken = pair.perform(.access([.get(attribute(9)), .get(attribute(2))], breaksOnError: true))
        #expect(broken == .access([.get(.failure(.objectUndefined)), .get(.failure(.otherReason))]))
    }
}
