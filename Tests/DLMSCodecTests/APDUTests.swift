// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

/// Choices that no vector covers, and octets that are no APDU.
@Suite struct APDUTests {
    private static let invoke = InvokeIDAndPriority(invokeID: 1)
    private static let longInvoke = LongInvokeIDAndPriority(invokeID: 7, isSelfDescriptive: true)
    private static let attribute = AttributeDescriptor(
        classID: 3,
        instanceID: OBISCode(1, 0, 1, 8, 0, 255),
        attributeID: -2
    )
    private static let method = MethodDescriptor(
        classID: 70,
        instanceID: OBISCode(0, 0, 96, 3, 10, 255),
        methodID: 1
    )
    private static let selection = SelectiveAccess(selector: 2, parameters: .structure([.unsigned(1)]))
    private static let block = OctetBlock(isLast: true, number: 3, rawData: [1, 2])
    private static let header = GeneralProtectionHeader(
        transactionID: [1],
        originatorSystemTitle: [2],
        recipientSystemTitle: []
    )

    private static let apdus: [(APDU, String)] = [
        (.getRequest(.next(invoke, blockNumber: 5)), "C002C100000005"),
        (
            .setRequest(.normal(invoke, AttributeRequest(attribute, selectiveAccess: selection), .nullData)),
            "C101C100030100010800FFFE010202011101" + "00"
        ),
        (
            .actionRequest(.withList(invoke, [method, method], [.nullData, .integer(0)])),
            "C303C1020046000060030AFF010046000060030AFF0102000F00"
        ),
        (.actionRequest(.withFirstBlock(invoke, method, block)), "C304C10046000060030AFF010100000003020102"),
        (.actionResponse(.withBlock(invoke, block)), "C702C10100000003020102"),
        (
            .actionResponse(
                .withList(
                    invoke,
                    [.init(result: .success, returnParameters: .data(.unsigned(1))), .init(result: .objectUndefined)]
                )
            ),
            "C703C102000100110104" + "00"
        ),
        (
            .readRequest(ReadRequest([.readDataBlockAccess(isLast: true, blockNumber: 2, rawData: [9])])),
            "0501060100020109"
        ),
        (.readResponse(ReadResponse([.data(.unsigned(1)), .failure(.objectUndefined)])), "0C0200110101" + "04"),
        (.writeResponse(WriteResponse([.failure(.typeUnmatched)])), "0D01010C"),
        (
            .accessRequest(
                AccessRequest(
                    invoke: longInvoke,
                    specifications: [.getWithSelection(attribute, selection), .setWithSelection(attribute, selection)],
                    data: [.nullData, .unsigned(1)]
                )
            ),
            "D9D00000070002" + "0400030100010800FFFE0202011101" + "0500030100010800FFFE0202011101" + "02001101"
        ),
        (
            .accessResponse(
                AccessResponse(
                    invoke: longInvoke,
                    specifications: [.action(method)],
                    data: [.nullData],
                    results: [.set(.success), .action(.otherReason)]
                )
            ),
            "DAD00000070001010300" + "46000060030AFF01" + "0100" + "02020003FA"
        ),
        (
            .generalCiphering(
                GeneralCiphering(
                    header: header,
                    keyInformation: .wrapped(wrappingKeyID: 0, keyCipheredData: [7]),
                    content: [8]
                )
            ),
            "DD010101020000000101000107" + "0108"
        ),
        (
            .generalCiphering(GeneralCiphering(header: header, keyInformation: nil, content: [])),
            "DD01010102000000" + "0000"
        ),
        (
            .gateway(GatewayPrefix(isRequest: true, networkID: 1, physicalDeviceAddress: [2], apdu: [0xC0])),
            "E6010102C0"
        ),
    ]

    @Test(arguments: apdus)
    func choicesHaveTheirLayout(_ apdu: APDU, _ hex: String) throws {
        #expect(Hexadecimal.text(of: apdu.octets) == hex)
        #expect(try APDU(octets: apdu.octets) == apdu)
        for count in apdu.octets.indices {
            #expect(throws: DecodeError.self) { try APDU(octets: apdu.octets.prefix(count)) }
        }
    }

    @Test(arguments: [0xC6, 0xCE, 0xD6, 0xDE, 0x00, 0x02, 0x2F, 0x64, 0xE1, 0xFF] as [UInt8])
    func tagsWithoutAnAPDUAreRefused(_ tag: UInt8) {
        let error = #expect(throws: DecodeError.self) { try APDU(octets: [tag, 0, 0, 0, 0, 0, 0]) }
        #expect(error?.reason == .unknownTag(tag))
    }

    @Test(arguments: [[0xC0, 0], [0xC0, 4], [0xC4, 4], [0xC1, 6], [0xC5, 6], [0xC3, 7], [0xC7, 5]] as [[UInt8]])
    func choicesThatDoNotExistAreRefused(_ start: [UInt8]) {
        let error = #expect(throws: DecodeError.self) { try APDU(octets: start + [0xC1, 0, 0, 0, 0]) }
        #expect(error?.reason == .unknownChoice(start[1]))
        #expect(error?.offset == 1)
    }

    @Test func cipheredTagsNameTheirService() throws {
        let expected: [(UInt8, String)] = [
            (0x21, "glo-initiate-request"), (0x48, "ded-initiate-response"), (0x2C, "glo-read-response"),
            (0xC8, "glo-get-request"), (0xD7, "ded-action-response"), (0xCA, "glo-event-notification-request"),
            (0x58, "ded-information-report-request"), (0x2E, "glo-confirmed-service-error"),
        ]
        for (tag, name) in expected {
            let apdu = try #require(CipheredAPDU(tag: tag, content: []))
            #expect(apdu.name == name)
            #expect(CipheredAPDU(plainTag: apdu.plainTag, key: apdu.key, content: [])?.tag == tag)
            #expect(apdu.protectedContent == nil)
        }
        #expect(CipheredAPDU(tag: 0xC0, content: []) == nil)
        #expect(CipheredAPDU(plainTag: 0xD8, key: .global, content: []) == nil)
    }

    @Test func errorsHaveTheNamesOfTheStandard() {
        let error = ConfirmedServiceError(service: 1, errorClass: 6, error: 3)
        #expect(
            [error.serviceName, error.errorClassName, error.errorName] == [
                "initiateError", "initiate", "pdu-size-too-short",
            ]
        )
        let unknown = ConfirmedServiceError(service: 0, errorClass: 99, error: 99)
        #expect(
            [unknown.serviceName, unknown.errorClassName, unknown.errorName] == [
                "unknown-0", "unknown-99", "unknown-99",
            ]
        )
    }

    @Test func randomOctetsNeverCrash() {
        var generator = SeededGenerator(state: 3)
        let seeds = Vector.load("acse", "xdlms", "cipher").compactMap { try? $0.octets }
        for _ in 0..<60_000 {
            guard var octets = seeds.randomElement(using: &generator) else { break }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                octets[Int.random(in: octets.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if let apdu = try? APDU(octets: octets) {
                #expect((try? APDU(octets: apdu.octets)) == apdu, "\(Hexadecimal.text(of: octets))")
            }
        }
    }
}
