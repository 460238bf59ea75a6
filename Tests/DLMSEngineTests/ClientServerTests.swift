// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity
import Testing

@Suite("Client and server together")
struct ClientServerTests {
    static let sizes: [UInt16] = [64, 65, 100, 128, 255, 256, 300, 1024, 4096, 65_535, 0]

    /// An array of structures of about 14,000 octets.
    static let long = DLMSData.array(
        (0..<1000).map { .structure([.doubleLongUnsigned(UInt32($0)), .octetString([1, 2, 3]), .unsigned(7)]) }
    )

    @Test("A long value arrives whole whatever the PDU sizes are", arguments: sizes)
    func longGet(size: UInt16) throws {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: max(size, 64))])
        meter.store(Self.long, at: attribute())
        var pair = MachinePair(settings(maxReceivePDUSize: size), meter, seed: UInt64(size))
        let response = pair.perform(.get([attribute()]))
        #expect(response == .get([.data(Self.long.octets)]))
        if size > 0 { #expect(pair.longestResponse <= Int(size)) }
        let streamed = pair.perform(.get([attribute()]), streams: true)
        #expect(streamed == .streamed(octets: Self.long.octets.count))
        #expect(pair.delivered == Self.long.octets)
    }

    @Test("A long value is written whole whatever the PDU sizes are", arguments: sizes)
    func longSet(size: UInt16) throws {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: size)])
        meter.store(.nullData, at: attribute())
        var pair = MachinePair(settings(), meter, seed: UInt64(size))
        let response = pair.perform(.set([AttributeWrite(attribute(), value: Self.long)]))
        #expect(response == .set([.success]))
        #expect(meter.stored(at: attribute()) == Self.long)
        if size > 0 { #expect(pair.longestRequest <= Int(size)) }
    }

    @Test(
        "A method's long parameter and long answer pass whole",
        arguments: sizes,
        [ActionBlockContent.outcome, .returnedData]
    )
    func longAction(size: UInt16, content: ActionBlockContent) throws {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: size)])
        var pair = MachinePair(
            settings(maxReceivePDUSize: size),
            meter,
            options: .init(actionBlockContent: content),
            seed: UInt64(size)
        )
        let method = MethodDescriptor(classID: 9, instanceID: attribute().descriptor.instanceID, methodID: 1)
        let response = pair.perform(.action(method, Self.long))
        #expect(response == .action(ActionOutcome(result: .success, returned: .data(Self.long.octets))))
        if size > 0 {
            #expect(pair.longestRequest <= Int(size))
            #expect(pair.longestResponse <= Int(size))
        }
        #expect(pair.perform(.action(method, nil)) == .action(ActionOutcome(result: .success)))
    }

    @Test("Many attributes are read in lists, in order, with the failures in their places", arguments: sizes)
    func lists(size: UInt16) throws {
        let meter = TestMeter(terms: [16: AssociationTerms(maxReceivePDUSize: size)])
        let requests = (1...40).map { attribute(of: "1.0.\($0).8.0.255") }
        for (index, request) in requests.enumerated() where index != 7 {
            meter.store(.doubleLongUnsigned(UInt32(index)), at: request)
        }
        var pair = MachinePair(settings(maxReceivePDUSize: size), meter, seed: UInt64(size))
        let expected = requests.indices.map {
            $0 == 7 ? GetResult.failure(.objectUndefined) : .data(DLMSData.doubleLongUnsigned(UInt32($0)).octets)
        }
        #expect(pair.perform(.get(requests)) == .get(expected))
        #expect(pair.client.info.lists == .works)
        if size > 0 { #expect(pair.longestRequest <= Int(size)) }
        if size >= 256 { #expect(pair.requests < 10) }
    }

    @Test("A password opens the association, and releasing closes it")
    func lowLevelSecurity() {
        let meter = TestMeter(terms: [32: AssociationTerms(authentication: .low(Secret(text: "12345678")))])
        meter.store(.unsigned(1), at: attribute())
        var pair = MachinePair(settings(client: 32, authentication: .low(Secret(text: "12345678"))), meter)
        #expect(pair.perform(.get([attribute()])) == .get([.data([0x11, 1])]))
        pair.release()
        #expect(pair.outcomes == [.released, .close])
        #expect(pair.server.openAssociations == 0)
    }

    @Test(
        "An association is refused for a reason that has a name",
        arguments: [
            (
                UInt16(32), AssociationAuthentication.low(Secret(text: "wrong")),
                AssociationDiagnostic.authenticationFailure
            ),
            (32, .none, .authenticationMechanismNameRequired),
            (16, .low(Secret(text: "12345678")), .authenticationMechanismNameNotRecognised),
            (77, .none, .noReasonGiven),
        ]
    )
    func rejection(
        client: UInt16,
        authentication: AssociationAuthentication,
        diagnostic: AssociationDiagnostic
    ) {
        let meter = TestMeter(terms: [
            16: AssociationTerms(), 32: AssociationTerms(authentication: .low(Secret(text: "12345678"))),
        ])
        let pair = MachinePair(settings(client: client, authentication: authentication), meter)
        #expect(
            pair.outcomes == [
                .associationFailed(
                    .associationRejected(
                        result: .rejectedPermanent,
                        diagnostic: diagnostic,
                        initiateError: nil
                    )
                ), .close,
            ]
        )
    }
}
