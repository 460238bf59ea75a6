// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("Damaged octets break nothing")
struct DamagedOctetsTests {
    static let answers = [
        "C401C1000600000001", "C402C100000000010003090411", "C402C101000000020003223344", "C403C1020011010104",
        "C701C10001001105", "C702C100000000010400010011", "C704C100000001", "C501C100", "C502C100000001",
        "C503C10000000002", "C504C102000000000002", "D80202", "D8010600000007", "0E050302", "6303800100",
        "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F0400001E1D04000007",
    ]
    static let requests = [
        "601DA109060760857405080101BE10040E01000000065F1F0400001E1D0040", "C001C10003 0100010800FF 02 00",
        "C003C102 0003 0100010800FF 02 00 0003 0100010800FF 03 00", "C002C100000001",
        "C101C1 0003 0100010800FF 02 00 1107", "C102C1 0003 0100010800FF 02 00 00 00000001 01 11",
        "C103C1 01 00000002 01 07", "C104C1 01 0003 0100010800FF 02 00 01 1107",
        "C105C1 01 0003 0100010800FF 02 00 00 00000001 03 011107", "C301C1 0046 000060030AFF 01 01 0F00",
        "C304C1 0046 000060030AFF 01 00 00000001 01 0F", "C306C1 01 00000002 01 00", "C302C1 00000001",
        "C303C1 01 0046 000060030AFF 01 01 0F00", "6200",
    ]

    /// Changes, cuts or lengthens a message.
    private func damaged(_ octets: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var octets = octets
        for _ in 0..<Int.random(in: 0...3, using: &random) where !octets.isEmpty {
            let index = Int.random(in: octets.indices, using: &random)
            switch Int.random(in: 0...3, using: &random) {
            case 0: octets[index] = UInt8.random(in: 0...255, using: &random)
            case 1: octets[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 2: octets.removeSubrange(index...)
            default: octets.insert(UInt8.random(in: 0...255, using: &random), at: index)
            }
        }
        return octets
    }

    @Test("A client ends every request with a result or an error", arguments: UInt64(1)...8)
    func client(seed: UInt64) {
        var random = SplitMix(state: seed)
        let answers = Self.answers.map(hex)
        let requests: [ServiceRequest] = [
            .get([attribute()]), .get([attribute(2), attribute(3), attribute(4)]),
            .set([AttributeWrite(attribute(), value: ClientWriteTests.long)]),
            .action(ClientWriteTests.method, ClientWriteTests.long),
        ]
        for _ in 0..<500 {
            var machine = associatedMachine(ClientWriteTests.small)
            var time = start
            for request in requests where machine.isReady {
                var ended = !machine.perform(request, streams: Bool.random(using: &random), now: time).isAwaiting
                for _ in 0..<12 where !ended {
                    var answer = damaged(answers.randomElement(using: &random) ?? [], &random)
                    // Otherwise most answers would be late ones.
                    if answer.count > 2 { answer[2] = 0xC0 | UInt8.random(in: 1...6, using: &random) }
                    ended = machine.received(toClient(answer), now: time).hasEnded
                }
                time += .seconds(20)
                if !ended { #expect(machine.deadlineReached(now: time).hasEnded) }
            }
        }
    }

    static let shortNameAnswers = [
        "0C0100", "0C01001105", "0C0200110501 04", "0C0101FA", "0C0102 00 0001 03 010011", "0C0102 01 0002 02 1105",
        "0C01030001", "0D0100", "0D020001 03", "0D01020001", "0E050401", "0E060302", "D80202",
        "0C0100 0906 0100010800FF",
    ]

    @Test("A client ends every request by short names with a result or an error", arguments: UInt64(1)...4)
    func shortNameClient(seed: UInt64) {
        var random = SplitMix(state: seed)
        let answers = Self.shortNameAnswers.map(hex) + Array(repeating: hex("0C0100") + shortNameList, count: 4)
        let requests: [ServiceRequest] = [
            .get([attribute()]), .get([attribute(2), attribute(3), attribute(2, of: "0.0.42.0.0.255", class: 1)]),
            .set([
                AttributeWrite(attribute(), value: ClientWriteTests.long),
                AttributeWrite(attribute(3), value: .nullData),
            ]),
            .action(MethodDescriptor(classID: 3, instanceID: OBISCode(1, 0, 1, 8, 0, 255), methodID: 1), .integer(0)),
        ]
        var own = settings()
        own.referencing = .shortName
        for round in 0..<300 {
            own.shortNames.known =
                round % 2 == 0
                ? nil
                : ShortNameDirectory([
                    .init(classID: 3, version: 0, logicalName: OBISCode(1, 0, 1, 8, 0, 255), baseName: 0x500)
                ])
            var machine = ClientMachine(settings: own)
            _ = machine.connected(now: start)
            _ = machine.received(toClient(shortNameAcceptance), now: start)
            var time = start
            for request in requests where machine.isReady {
                var ended = machine.perform(request, streams: Bool.random(using: &random), now: time).hasEnded
                for _ in 0..<20 where !ended {
                    let answer = answers.randomElement(using: &random) ?? []
                    let octets = Bool.random(using: &random) ? answer : damaged(answer, &random)
                    ended = machine.received(toClient(octets), now: time).hasEnded
                }
                time += .seconds(20)
                if !ended { #expect(machine.deadlineReached(now: time).hasEnded) }
            }
        }
    }

    @Test("A server answers every frame or closes", arguments: UInt64(1)...8)
    func server(seed: UInt64) {
        var random = SplitMix(state: seed)
        let requests = Self.requests.map(hex)
        let meter = TestMeter()
        meter.store(.octetString([UInt8](repeating: 9, count: 100)), at: attribute())
        for _ in 0..<300 {
            var machine = ServerMachine(objects: meter)
            _ = machine.received(toServer(requests[0]))
            for _ in 0..<20 {
                let request = damaged(requests.randomElement(using: &random) ?? [], &random)
                let actions = machine.received(toServer(request))
                #expect(request.isEmpty || !actions.isEmpty)
            }
        }
    }

    @Test("A client lives with a stream of noise", arguments: UInt64(1)...8)
    func noise(seed: UInt64) {
        var random = SplitMix(state: seed)
        var machine = associatedMachine()
        _ = machine.perform(.get([attribute()]), now: start)
        for _ in 0..<200 {
            let octets = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random)
            }
            _ = machine.received(octets, now: start)
        }
        _ = machine.deadlineReached(now: start + .seconds(60))
        #expect(!machine.isReady)
    }
}

extension [ClientAction] {
    /// Whether the request has come to an end.
    fileprivate var hasEnded: Bool {
        contains { action in
            switch action {
            case .completed, .failed: true
            default: false
            }
        }
    }

    /// Whether an answer is awaited.
    fileprivate var isAwaiting: Bool {
        contains { action in
            if case .send = action { true } else { false }
        }
    }
}
