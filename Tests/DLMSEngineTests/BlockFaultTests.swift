// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Testing

@Suite("Blocks that are lost, come twice or out of order")
struct BlockFaultTests {
    /// What happens to one frame on its way.
    enum Fault: String, CaseIterable, Sendable {
        case lost, doubled, swapped
    }

    /// Which blocks a request leads to.
    enum Kind: String, CaseIterable, Sendable {
        case get, getList, set, setList, action, actionList
    }

    static let value = DLMSData.octetString((0..<150).map { UInt8($0) })
    static let attributes = (1...3).map { attribute(2, of: "1.0.\($0).8.0.255") }
    static let method = MethodDescriptor(classID: 9, instanceID: attribute().descriptor.instanceID, methodID: 1)

    private func request(_ kind: Kind) -> ServiceRequest {
        let writes = Self.attributes.map { AttributeWrite($0, value: Self.value) }
        let invocations = (1...3).map { _ in MethodInvocation(Self.method, parameter: Self.value) }
        return switch kind {
        case .get: .get([Self.attributes[0]])
        case .getList: .get(Self.attributes)
        case .set: .set([writes[0]])
        case .setList: .set(writes)
        case .action: .action(Self.method, Self.value)
        case .actionList: .actions(invocations)
        }
    }

    private func response(_ kind: Kind) -> ServiceResponse {
        let outcome = ActionOutcome(result: .success, returned: .data(Self.value.octets))
        return switch kind {
        case .get: .get([.data(Self.value.octets)])
        case .getList: .get(Array(repeating: .data(Self.value.octets), count: 3))
        case .set: .set([.success])
        case .setList: .set([.success, .success, .success])
        case .action: .action(outcome)
        case .actionList: .actions([outcome, outcome, outcome])
        }
    }

    @Test(
        "A fault on the line ends a request with an error or changes nothing, and never yields a wrong value",
        arguments: Kind.allCases,
        Fault.allCases
    )
    func faults(kind: Kind, fault: Fault) {
        var completed = 0
        for place in 0..<30 {
            for isAnswer in [false, true] {
                let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: 64)])
                let before: DLMSData = kind == .get || kind == .getList ? Self.value : .nullData
                for attribute in Self.attributes { meter.store(before, at: attribute) }
                var line = FaultyLine(meter, fault: fault, place: place, isAnswer: isAnswer)
                let outcome = line.perform(request(kind))
                switch outcome {
                case .completed(let response):
                    completed += response == self.response(kind) ? 1 : 0
                    #expect(!Self.isSuccess(response) || response == self.response(kind), "\(place) \(isAnswer)")
                case .failed: break
                default: Issue.record("the request did not end: \(place) \(isAnswer)")
                }
                for attribute in Self.attributes {
                    let stored = meter.stored(at: attribute)
                    #expect(stored == before || stored == Self.value)
                }
            }
        }
        // A fault beyond the end of the transfer does no harm, so that the request was sound.
        #expect(completed > 0)
    }

    /// Whether nothing of a response is a refusal.
    private static func isSuccess(_ response: ServiceResponse) -> Bool {
        switch response {
        case .get(let results): results.allSatisfy { if case .data = $0 { true } else { false } }
        case .set(let results): results.allSatisfy { $0 == .success }
        case .action(let outcome): outcome.result == .success
        case .actions(let outcomes): outcomes.allSatisfy { $0.result == .success }
        case .access, .streamed, .sent, .text: false
        }
    }
}

/// A client and a server with a line between them on which one frame meets with a fault.
private struct FaultyLine {
    private var client: ClientMachine
    private var server: ServerMachine
    private let fault: BlockFaultTests.Fault
    private let place: Int
    private let isAnswer: Bool
    private var count = 0
    /// A frame that is overtaken by the one after it.
    private var held: [UInt8]?

    init(_ meter: TestMeter, fault: BlockFaultTests.Fault, place: Int, isAnswer: Bool) {
        var settings = settings(maxReceivePDUSize: 64)
        settings.writeLists = .whereAgreed
        settings.sendsListsInBlocks = true
        client = ClientMachine(settings: settings)
        server = ServerMachine(objects: meter)
        self.fault = fault
        self.place = place
        self.isAnswer = isAnswer
        for case .send(let octets) in client.connected(now: start) {
            for case .send(let answer) in server.received(octets) { _ = client.received(answer, now: start) }
        }
    }

    /// Carries out a request; what the client ended it with, by silence if need be.
    mutating func perform(_ request: ServiceRequest) -> ClientAction? {
        var pending = client.perform(request, now: start)
        var now = start
        for _ in 0..<200 {
            if let end = pending.first(where: Self.isEnd) { return end }
            var next: [ClientAction] = []
            for case .send(let octets) in pending {
                for frame in pass(octets, isAnswer: false) {
                    for case .send(let answer) in server.received(frame) {
                        for frame in pass(answer, isAnswer: true) { next += client.received(frame, now: now) }
                    }
                }
            }
            if !next.contains(where: { if case .send = $0 { true } else { Self.isEnd($0) } }) {
                now += .seconds(11)
                next += client.deadlineReached(now: now)
            }
            pending = next
        }
        return nil
    }

    private static func isEnd(_ action: ClientAction) -> Bool {
        switch action {
        case .completed, .failed: true
        default: false
        }
    }

    private mutating func pass(_ frame: [UInt8], isAnswer: Bool) -> [[UInt8]] {
        guard isAnswer == self.isAnswer else { return [frame] }
        defer { count += 1 }
        if let held {
            self.held = nil
            return [frame, held]
        }
        guard count == place else { return [frame] }
        switch fault {
        case .lost: return []
        case .doubled: return [frame, frame]
        case .swapped:
            held = frame
            return []
        }
    }
}
