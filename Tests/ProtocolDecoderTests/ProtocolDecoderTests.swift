// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
import ProtocolDecoder
import Testing

@Suite struct ProtocolDecoderTests {
    private func decode(_ layer: DecodeLayer, _ text: String) throws -> JSONValue {
        try JSONReader.parse(ProtocolDecoder().decode(layer: layer, hexadecimal: text).json)
    }

    @Test func octetsLeftOverAreShown() throws {
        let value = try decode(.data, "11FFC0DE")
        #expect(value["trailing"]?.string == "C0DE")
        #expect(value["reencoded"]?.string == "11FF")
    }

    @Test func separatorsBetweenOctetsAreAccepted() throws {
        #expect(try decode(.data, " 0x11 ff\n")["reencoded"]?.string == "11FF")
        #expect(try decode(.data, "11:ff")["reencoded"]?.string == "11FF")
    }

    @Test func textThatIsNotHexadecimalIsAProblemWithItsPlace() throws {
        let problem = try decode(.auto, "C0 0Z")["problem"]
        #expect(problem?["title"]?.string == "Not hexadecimal")
        #expect(problem?["offset"]?.number?.exactInt64 == 4)
        #expect(try decode(.auto, "C00")["problem"]?["title"]?.string == "Not hexadecimal")
        #expect(try decode(.auto, "C 00")["problem"]?["offset"]?.number?.exactInt64 == 1)
    }

    @Test func nothingIsAProblem() throws {
        #expect(try decode(.auto, " ")["problem"]?["title"]?.string == "Nothing to decode")
    }

    @Test func severalFramesAreAListAndShareTheirFlags() throws {
        let value = try decode(.auto, "7EA0080221215309177EA0082102211FA0D97E7E")
        #expect(value["decoded"]?.array?.count == 2)
        #expect(value["reencoded"]?.string == "7EA0080221215309177EA0082102211FA0D97E7E")
        #expect(value["messages"] == nil)
        #expect(try decode(.hdlc, "7EA0080221215309177EDEAD")["trailing"]?.string == "DEAD")
    }

    @Test func aDamagedFrameNamesItsCheckSequence() throws {
        let problem = try decode(.hdlc, "7EA0080221215309187E")["problem"]
        #expect(problem?["detail"]?.string?.hasPrefix("FCS at octet 7") == true)
        #expect(problem?["offset"]?.number?.exactInt64 == 7)
    }

    @Test func framesBringTheirAPDUsAsMessages() throws {
        let value = try decode(.hdlc, "7EA0192102217247DEE6E700C401C10009060000280000FFB66E7E")
        let message = value["messages"]?.array?.first
        #expect(message?["layer"]?.string == "xdlms")
        #expect(message?["decoded"]?["apdu"]?.string == "get-response-normal")
        let broken = try decode(.hdlc, "7EA0100321101C23E6E6007E7E0102550F7E")
        #expect(broken["messages"]?.array?.first?["problem"] != nil)
    }

    @Test func aTextSessionIsAListOfMessages() throws {
        let value = try decode(.auto, "2F3F210D0A2F49536B354D543137342D303030310D0A063035300D0A02210D0A0325")
        #expect(
            value["decoded"]?.array?.compactMap { $0["message"]?.string } == [
                "request", "identification", "option-select", "data",
            ]
        )
    }

    @Test func deviationsOfNotificationsAreMarked() throws {
        let decoded = try decode(.xdlms, "0F00337AEF090C07EA0605050C252D00FF88801105")["decoded"]
        #expect(decoded?["deviations"]?.array?.compactMap(\.string) == ["tagged-date-time"])
    }

    @Test func cutOctetsAreAProblemWithOffsetAndHint() throws {
        let problem = try decode(.xdlms, "C001C100")["problem"]
        #expect(problem?["offset"]?.number?.exactInt64 == 3)
        #expect(problem?["hint"]?.string != nil)
    }

    @Test func anAPDUOfAnotherLayerIsAProblem() throws {
        #expect(try decode(.acse, "C001C1000100002B0100FF0200")["problem"] != nil)
        #expect(try decode(.xdlms, "6200")["problem"] != nil)
        #expect(try decode(.cipher, "C001C1000100002B0100FF0200")["problem"] != nil)
    }

    @Test func notANumberHasNoJSONNumberButItsOctets() throws {
        let decoded = try decode(.data, "177FC00001")["decoded"]
        #expect(decoded?["value"]?.isNull == true)
        #expect(decoded?["raw"]?.string == "7FC00001")
    }

    @Test func visibleStringThatIsNoTextShowsItsOctets() throws {
        let decoded = try decode(.data, "0A02FF41")["decoded"]
        #expect(decoded?["raw"]?.string == "FF41")
    }

    @Test func aCutAPDUIsNotTakenForAShortValue() throws {
        #expect(try decode(.auto, "0F00337AEF0C07EA0605050C252D00FF888002021100")["problem"] != nil)
        #expect(try decode(.auto, "1105DEAD")["trailing"]?.string == "DEAD")
        let problem = try decode(.auto, "C401C1000A0A")["problem"]
        #expect(problem?["title"]?.string == "Not a valid xdlms encoding")
    }

    @Test func randomOctetsNeverCrash() throws {
        var state: UInt64 = 7
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<20 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += String(state >> 56 | 0x100, radix: 16).dropFirst()
            }
            for layer in DecodeLayer.allCases {
                _ = try decode(layer, text)
            }
        }
    }

    @Test func valuesAreTakenForValuesAndAPDUsForAPDUs() throws {
        #expect(try decode(.auto, "0601020228010600000000")["layer"]?.string == "xdlms")
        #expect(try decode(.auto, "0600001391")["layer"]?.string == "data")
        #expect(try decode(.auto, "07E60B0C0610360000800000")["layer"]?.string == "datetime")
        // A request that lost its last octet has as many octets as a date-time, of month 193.
        #expect(try decode(.auto, "C001C1000100002B0100FF02")["problem"] != nil)
    }
}
