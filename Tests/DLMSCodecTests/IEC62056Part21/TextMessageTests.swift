// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct TextMessageTests {
    private func message(_ text: String) throws -> TextMessage {
        try TextMessage(octets: Array(text.utf8))
    }

    @Test func identificationsNameModeAndReactionTime() throws {
        guard case .identification(let mode) = try message("/ISk5\\2MT174-0001\r\n") else {
            Issue.record("no identification")
            return
        }
        #expect(mode.mode == .e(baud: 9600))
        #expect(mode.identification == "MT174-0001")
        #expect(mode.reactsQuickly)
        let modes: [(UInt8, IdentificationMessage.Mode)] = [
            (0x35, .c(baud: 9600)), (0x39, .c(baud: nil)), (0x46, .b(baud: 19_200)), (0x40, .a), (0x47, .a),
        ]
        for (character, mode) in modes {
            let identification = IdentificationMessage(
                manufacturer: "ELS",
                baudCharacter: character,
                identification: "1"
            )
            #expect(identification?.mode == mode)
            #expect(identification?.reactsQuickly == false)
        }
    }

    @Test func optionsSayWhatIsWanted() throws {
        #expect(OptionSelectMessage.readout(baudCharacter: 0x35)?.octets == [6, 0x30, 0x35, 0x30, 13, 10])
        #expect(OptionSelectMessage.programming(baudCharacter: 0x35)?.octets == [6, 0x30, 0x35, 0x31, 13, 10])
        #expect(OptionSelectMessage.hdlc(baudCharacter: 0x35)?.octets == [6, 0x32, 0x35, 0x32, 13, 10])
        #expect(OptionSelectMessage.hdlc(baudCharacter: 0x35)?.baud == 9600)
        #expect(OptionSelectMessage.hdlc(baudCharacter: 0x0D) == nil)
    }

    @Test func addressesThatWouldEndTheRequestDoNotExist() {
        #expect(RequestMessage(address: "12!") == nil)
        #expect(RequestMessage(address: String(repeating: "1", count: 33)) == nil)
        #expect(RequestMessage(address: "00000001")?.octets == Array("/?00000001!\r\n".utf8))
    }

    @Test func commandsAreMadeForDataSets() throws {
        let value = try #require(TextValue(""))
        let set = try #require(TextDataSet(address: "1.8.0", values: [value]))
        #expect(CommandMessage("R1", set)?.octets == Array("\u{1}R1\u{2}1.8.0()\u{3}Z".utf8))
        #expect(CommandMessage.signOff.octets == [1, 0x42, 0x30, 3, 0x71])
        #expect(CommandMessage(0x57, 0x31, data: [3]) == nil)
    }

    @Test func passwordsDoNotShow() throws {
        let command = try #require(CommandMessage(0x50, 0x31, data: Array("(hunter2)".utf8)))
        #expect(command.isPassword)
        var dumped = ""
        dump(command, to: &dumped)
        #expect(!"\(command)\(String(reflecting: command))\(dumped)".contains("hunter2"))
        #expect(!dumped.contains("104"))
    }

    @Test func dataSetsHaveAddressValuesAndUnits() throws {
        guard case .data(let message) = try vector("iec21-data-1") else {
            Issue.record("no data")
            return
        }
        let block = try message.block()
        #expect(block.isReadout)
        #expect(block.sets.map(\.address) == ["0.0.0", "1.8.0", "1.8.0*01"])
        #expect(block.sets[1].values == [TextValue("000123.45", unit: "kWh")])
        #expect(block.octets == message.content)
        #expect(message.errorText == nil)
    }

    @Test func setsWithoutAddressGoOnWithTheOneBefore() throws {
        let text = "P.01(0210101000)(00)(15)(1.5.0)(kW)\r\n(0.014)\r\n(0.015)\r\n"
        let block = try TextDataBlock(octets: Array(text.utf8))
        #expect(block.lines.count == 3)
        #expect(block.sets.map(\.address) == ["P.01", "P.01", "P.01"])
        #expect(block.octets == Array(text.utf8))
        #expect(!block.isReadout)
    }

    @Test func linesMayHoldSeveralSets() throws {
        let block = try TextDataBlock(octets: Array("0.1.0(07)1.6.1(1.234*kW)(2210101000)\r\n!\r\n".utf8))
        #expect(block.lines.map(\.count) == [2])
        #expect(block.lines[0][1].values.count == 2)
    }

    @Test(arguments: ["1.8.0", "1.8.0(", "1.8.0(1", "(1\r\n)", "1/8(0)", "1.8.0(1(2))"])
    func textThatIsNoDataSetIsRefused(_ text: String) {
        #expect(throws: DecodeError.self) { try TextDataBlock(octets: Array(text.utf8)) }
    }

    @Test func refusalsAreTold() throws {
        guard case .data(let message) = try vector("iec21-err") else {
            Issue.record("no data")
            return
        }
        #expect(message.errorText == "ER01")
    }

    @Test func aWrongBlockCheckCharacterIsNoticed() throws {
        for name in ["iec21-data-1", "iec21-cmd-r1", "iec21-cmd-break"] {
            var octets = try #require(Vector.load("iec62056-21").first { $0.name == name }).octets
            octets[octets.count - 1] ^= 1
            let error = #expect(throws: DecodeError.self) { try TextMessage(octets: octets) }
            guard case .checkFailed = error?.reason else {
                Issue.record("\(name): \(String(describing: error))")
                return
            }
        }
    }

    @Test func aMessageInsideOfAnotherEndsIt() {
        for text in ["\u{2}1.8.0(\u{2}1)\u{3}", "\u{1}R1\u{2}1.8.0\u{1}()\u{3}"] {
            let error = #expect(throws: DecodeError.self) { try TextMessage(octets: Array(text.utf8) + [0]) }
            guard case .invalidValue = error?.reason else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func linesWithoutDataSetsEncodeToNothing() throws {
        #expect(try TextDataBlock(octets: [13, 10, 13, 10]) == TextDataBlock(lines: [], isReadout: false))
        #expect(try TextDataBlock(octets: [13, 10]).octets.isEmpty)
    }

    @Test func partialBlocksEndWithEOT() throws {
        let message = try #require(DataMessage(content: Array("P.01(1)".utf8), isPartial: true))
        #expect(message.octets[message.octets.count - 2] == TextCharacter.endOfTransmission)
        #expect(try TextMessage(octets: message.octets) == .data(message))
        #expect(DataMessage(content: [2]) == nil)
        #expect(DataMessage(content: [0xB0]) == nil)
    }

    @Test func telegramsHaveTheirDataBehindTheIdentification() throws {
        let text = "/KFM5KAIFA-METER\r\n\r\n1-0:1.8.1(000671.578*kWh)\r\n!"
        let plain = try message(text + "\r\n")
        guard case .telegram(let telegram) = plain else {
            Issue.record("\(plain)")
            return
        }
        #expect(telegram.hasEmptyLine)
        #expect(!telegram.hasCheckDigits)
        #expect(telegram.block.sets.map(\.address) == ["1-0:1.8.1"])
        #expect(plain.octets == Array((text + "\r\n").utf8))
        let checked = TextTelegram(
            identification: telegram.identification,
            lines: telegram.block.lines,
            hasCheckDigits: true
        )
        #expect(try TextMessage(octets: checked.octets) == .telegram(checked))
        var damaged = checked.octets
        damaged[30] ^= 1
        #expect(throws: DecodeError.self) { try TextMessage(octets: damaged) }
    }

    @Test func aFileOfAReadoutIsATelegramWithoutEmptyLine() throws {
        let text = "/ISk5MT174-0001\r\n0.0.0(12345678)\r\n1.8.0(000123.45*kWh)\r\n!\r\n"
        guard case .telegram(let telegram) = try message(text) else {
            Issue.record("no telegram")
            return
        }
        #expect(!telegram.hasEmptyLine)
        #expect(telegram.octets == Array(text.utf8))
        let unix = try TextTelegram(octets: Array("/ISk5MT174-0001\r\n0.0.0(1)\n1.8.0(2)\n!".utf8))
        #expect(unix.block.sets.count == 2)
    }

    @Test func parityIsStrippedAndPutBack() throws {
        let (characters, parity) = TextParity.characters(of: [0x06, 0xB2, 0x35, 0xB2, 0x8D, 0x0A])
        #expect(parity == .even)
        #expect(try TextMessage(octets: characters) == .optionSelect(#require(.hdlc(baudCharacter: 0x35))))
        #expect(parity.octets(of: characters) == [0x06, 0xB2, 0x35, 0xB2, 0x8D, 0x0A])
    }

    private func vector(_ name: String) throws -> TextMessage {
        try TextMessage(octets: try #require(Vector.load("iec62056-21").first { $0.name == name }).octets)
    }
}
