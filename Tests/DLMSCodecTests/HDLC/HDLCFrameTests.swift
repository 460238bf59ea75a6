// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct HDLCFrameTests {
    private func octets(_ hex: String) throws -> [UInt8] {
        try #require(Hexadecimal.octets(of: hex))
    }

    @Test func theCheckSequenceIsThatOfTheStandard() {
        #expect(HDLCCheckSequence.compute(over: Array("123456789".utf8)) == 0x906E)
    }

    @Test func framesAreMadeOfTheirParts() throws {
        let server = try #require(HDLCAddress(width: .four, upper: 1, lower: 17))
        let client = try #require(HDLCAddress(upper: 16))
        let control = HDLCControl(.setNormalResponseMode, isPollOrFinal: true)
        let frame = try #require(HDLCFrame(destination: server, source: client, control: control))
        #expect(Hexadecimal.text(of: frame.octets) == "7EA00A00020023219318717E")
    }

    @Test(arguments: 0...255)
    func everyControlFieldComesBack(octet: Int) {
        let control = HDLCControl(octet: UInt8(octet))
        #expect(control.octet == UInt8(octet))
        #expect(control.isPollOrFinal == (octet & 0x10 != 0))
    }

    @Test(arguments: [
        (HDLCControl.Kind.receiveNotReady(HDLCSequenceNumber(3)), 0x75 as UInt8),
        (.receiveReady(HDLCSequenceNumber(7)), 0xF1),
        (.information(send: HDLCSequenceNumber(2), receive: HDLCSequenceNumber(1)), 0x34),
        (.setNormalResponseMode, 0x93), (.disconnect, 0x53), (.unnumberedAcknowledge, 0x73), (.disconnectedMode, 0x1F),
        (.frameReject, 0x97), (.unnumberedInformation, 0x13), (.unsupported(0x2F), 0x3F),
    ])
    func controlFieldsHaveTheirKind(_ kind: HDLCControl.Kind, _ octet: UInt8) {
        #expect(HDLCControl(octet: octet).kind == kind)
        #expect(HDLCControl(kind, isPollOrFinal: true).octet == octet)
    }

    @Test func addressesBeyondTheirWidthDoNotExist() {
        #expect(HDLCAddress(upper: 128) == nil)
        #expect(HDLCAddress(width: .two, upper: 1, lower: 128) == nil)
        #expect(HDLCAddress(width: .four, upper: 0x4000, lower: 0) == nil)
        #expect(HDLCAddress(width: .one, upper: 1, lower: 1) == nil)
    }

    @Test func reservedAddressesAreKnown() throws {
        #expect(try #require(HDLCAddress(upper: 0x7F)).isAllStations)
        #expect(try #require(HDLCAddress(width: .four, upper: 0x3FFF, lower: 1)).isAllStations)
        #expect(try #require(HDLCAddress(width: .two, upper: 1, lower: 0x7E)).isCallingDevice)
        #expect(try #require(HDLCAddress(width: .four, upper: 1, lower: 0x3FFE)).isCallingDevice)
        #expect(try #require(HDLCAddress(upper: 0)).isNoStation)
    }

    @Test func oneStationMayAnswerInAnotherWidth() throws {
        let asked = try #require(HDLCAddress(width: .four, upper: 1, lower: 17))
        #expect(asked.mayBeSameStation(as: try #require(HDLCAddress(upper: 1))))
        #expect(asked.mayBeSameStation(as: try #require(HDLCAddress(width: .two, upper: 1, lower: 17))))
        #expect(!asked.mayBeSameStation(as: try #require(HDLCAddress(width: .two, upper: 1, lower: 18))))
        #expect(!asked.mayBeSameStation(as: try #require(HDLCAddress(upper: 2))))
    }

    @Test(arguments: ["7EA009000200219318717E", "7EA0080221239218717E"])
    func malformedHeadersAreRefused(_ hex: String) throws {
        let octets = try octets(hex)
        #expect(throws: DecodeError.self) { try HDLCFrame(octets: octets) }
    }

    @Test func everyDamagedOctetIsNoticed() throws {
        let octets = try octets("7EA01A0221213478A2E6E600C001C1000F0000280000FF0100F9797E")
        for index in octets.indices {
            var damaged = octets
            damaged[index] ^= 0x04
            #expect(throws: DecodeError.self, "octet \(index)") { try HDLCFrame(octets: damaged) }
        }
    }

    @Test func damagedInformationNamesTheFrameCheckSequence() throws {
        var octets = try octets("7EA0192102217247DEE6E700C401C10009060000280000FFB66E7E")
        octets[15] ^= 1
        let error = #expect(throws: DecodeError.self) { try HDLCFrame(octets: octets) }
        #expect(error?.what == "FCS")
        guard case .checkFailed(received: 0x6EB6, _) = error?.reason else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func theLongestInformationFitsAndMoreThanTheLengthFieldDoesNot() throws {
        let server = try #require(HDLCAddress(width: .four, upper: 1, lower: 17))
        let client = try #require(HDLCAddress(upper: 16))
        let control = HDLCControl(.unnumberedInformation, isPollOrFinal: false)
        let longest = [UInt8](repeating: HDLCFrame.flag, count: HDLCFrame.longestInformation)
        let frame = try #require(
            HDLCFrame(destination: client, source: server, control: control, information: longest, isSegmented: true)
        )
        #expect(try HDLCFrame(octets: frame.octets) == frame)
        let tooLong = [UInt8](repeating: 0, count: 2048)
        #expect(HDLCFrame(destination: client, source: server, control: control, information: tooLong) == nil)
    }

    @Test func parametersKeepTheirWidth() throws {
        let hex = "81800E0502040006020400070101080107"
        let block = try HDLCParameterBlock(octets: octets(hex))
        #expect(Hexadecimal.text(of: block.octets) == hex)
        #expect(block.limits.informationTransmit == 1024)
        #expect(block.limits.windowReceive == 7)
        let withUserData = try HDLCParameterBlock(octets: octets("818000FF0102"))
        #expect(withUserData.userData == [1, 2])
        #expect(withUserData.limits == .standard)
        #expect(Hexadecimal.text(of: withUserData.octets) == "818000FF0102")
    }

    @Test func limitsAreWrittenAsMostStationsDo() {
        #expect(
            Hexadecimal.text(of: HDLCParameterBlock(.standard).octets) == "818012050180060180070400000001080400000001"
        )
        let large = HDLCParameterBlock(
            HDLCLimits(informationTransmit: 2030, informationReceive: 9999, windowReceive: 9)
        )
        #expect(Hexadecimal.text(of: large.octets) == "818014050207EE060207EE070400000001080400000007")
    }

    @Test func aLinkHasTheSmallerOfBothSides() {
        let client = HDLCLimits(informationTransmit: 1024, informationReceive: 512, windowTransmit: 7, windowReceive: 1)
        let server = HDLCLimits(informationTransmit: 128, informationReceive: 256, windowTransmit: 3, windowReceive: 5)
        let link = client.negotiated(with: server)
        #expect(
            link
                == HDLCLimits(informationTransmit: 256, informationReceive: 128, windowTransmit: 5, windowReceive: 1)
        )
        #expect(
            server.negotiated(with: client)
                == HDLCLimits(informationTransmit: 128, informationReceive: 256, windowTransmit: 1, windowReceive: 5)
        )
    }

    @Test func aRefusalTellsTheFrameAndTheReason() throws {
        let reject = try HDLCFrameReject(octets: [0x32, 0x30, 0x01])
        #expect(reject.rejectedControl.sendSequenceNumber == HDLCSequenceNumber(1))
        #expect(reject.receiveState == HDLCSequenceNumber(1))
        #expect(reject.sendState == .zero)
        #expect(reject.refusesResponse)
        #expect(reject.reasons == [.invalidControl])
        #expect(reject.octets == [0x32, 0x30, 0x01])
    }

    @Test func sequenceNumbersGoRound() {
        #expect(HDLCSequenceNumber(7).next == .zero)
        #expect(HDLCSequenceNumber(1).distance(from: HDLCSequenceNumber(6)) == 3)
    }
}
