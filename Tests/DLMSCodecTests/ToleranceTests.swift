// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

/// Encodings that meters send although the standard has others.
@Suite struct ToleranceTests {
    private func octets(_ hex: String) throws -> [UInt8] {
        try #require(Hexadecimal.octets(of: hex))
    }

    @Test func lengthsInLongFormAreAcceptedInAssociations() throws {
        let short = try AARE(octets: octets("6117A109060760857405080101A203020101A305A10302010D"))
        let long = try AARE(octets: octets("61820018A18109060760857405080101A203020101A305A10302010D"))
        #expect(long == short)
        #expect(long.result == .rejectedPermanent)
        #expect(long.diagnostic == .authenticationFailure)
        #expect(long.diagnostic.name == "authentication-failure")
    }

    @Test func fieldsOfAnAssociationThatAreNotKnownAreKept() throws {
        let text = "6022A109060760857405080101AB03020105BE10040E01000000065F1F0400007E1F04B0"
        let aarq = try AARQ(octets: octets(text))
        #expect(aarq.otherFields == [BERElement(tag: 0xAB, content: [2, 1, 5])])
        #expect(Hexadecimal.text(of: aarq.octets) == text)
    }

    @Test func anAssociationWithoutApplicationContextIsRefused() throws {
        let text = try octets("60128A0207808B0760857405080201AC03800141")
        let error = #expect(throws: DecodeError.self) { try AARQ(octets: text) }
        #expect(error?.reason == .missingField(tag: 0xA1))
    }

    @Test func conformanceWithAShortTagIsAccepted() throws {
        let response = try InitiateResponse(octets: octets("0800065F04000018020020FA00"))
        #expect(response.vaaName == InitiateResponse.shortNameVAAName)
        #expect(Hexadecimal.text(of: response.octets) == "0800065F1F04000018020020FA00")
    }

    @Test func anAnswerWhoseLengthsLackOneOctetIsCompleted() throws {
        // From a meter with short names; all lengths count the conformance tag as one octet.
        let text = "6128A109060760857405080102A203020100A305A103020100BE0F040D0800065F1F04001802200960FA00"
        let aare = try AARE(octets: octets(text))
        let response = try InitiateResponse(octets: try #require(aare.userInformation))
        #expect(response.serverMaxReceivePDUSize == 2400)
        #expect(response.vaaName == 0xFA00)
    }

    @Test func eventTimesWithoutLengthAreAccepted() throws {
        let with = try EventNotification(octets: octets("C2010C07E80501030C000000FF880000010000600B00FF0212002A"))
        let without = try EventNotification(octets: octets("C20107E80501030C000000FF880000010000600B00FF0212002A"))
        #expect(without == with)
    }

    @Test func notificationTimesWithATypeTagAreAccepted() throws {
        let with = try DataNotification(octets: octets("0F00337AEF090C07EA0605050C252D00FF88801105"))
        #expect(with.time?.date.year == 2026)
        #expect(with.deviations == [.taggedDateTime])
        #expect(Hexadecimal.text(of: with.octets) == "0F00337AEF090C07EA0605050C252D00FF88801105")
    }

    @Test func octetsBehindAGetResponseAreHandedBack() throws {
        let (apdu, trailing) = try APDU.decodingPrefix(of: octets("C401C1001105DEAD")[...])
        guard case .getResponse(.normal(_, .data(.unsigned(5)))) = apdu else {
            Issue.record("\(apdu)")
            return
        }
        #expect(Array(trailing) == [0xDE, 0xAD])
    }

    @Test func numbersWithoutANameAreKept() throws {
        let text = "C401C10163"
        let apdu = try APDU(octets: octets(text))
        #expect(Hexadecimal.text(of: apdu.octets) == text)
        #expect(DataAccessResult(rawValue: 0x63).name == "unknown-99")
    }

    @Test func passwordsAndKeysDoNotShow() throws {
        let secret = Array("hunter2!".utf8)
        let aarq = AARQ(
            applicationContext: .logicalName,
            mechanism: .low,
            callingAuthenticationValue: AuthenticationValue(secret),
            userInformation: nil
        )
        let initiate = InitiateRequest(
            dedicatedKey: secret,
            proposedConformance: [.get],
            clientMaxReceivePDUSize: 0
        )
        for text in ["\(aarq)", String(reflecting: aarq), "\(initiate)", String(reflecting: initiate)] {
            #expect(!text.contains("104, 117"))
            #expect(!text.contains("hunter2"))
        }
    }
}
