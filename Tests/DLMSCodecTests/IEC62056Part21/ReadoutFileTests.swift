// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite("Readout files")
struct ReadoutFileTests {
    /// The published block of a readout, with STX, ETX and BCC.
    private static let published = Hexadecimal.octets(
        of: "02302E302E30283132333435363738290D0A312E382E30283030303132332E34352A6B5768290D0A"
            + "312E382E302A3031283030303132302E3030290D0A210D0A034C"
    )

    private static func readouts(_ text: String) -> [ReadoutFile.Readout] {
        ReadoutFile(Array(text.utf8)).items.compactMap { try? $0.readout.get() }
    }

    @Test func `The published block is read and its check is tested`() throws {
        var octets = try #require(Self.published)
        let readout = try #require(try ReadoutFile(octets).items.first?.readout.get())
        #expect(readout.isChecked)
        #expect(readout.isComplete)
        #expect(readout.sets.map(\.address) == ["0.0.0", "1.8.0", "1.8.0*01"])
        #expect(readout.deviceNumbers == ["12345678"])
        octets[12] ^= 1
        let damaged = try #require(ReadoutFile(octets).items.first)
        #expect(throws: DecodeError.self) { try damaged.readout.get() }
    }

    @Test func `A file of lines needs no control characters`() throws {
        let text = "/ISk5MT174-0001\r\nC.1.0(42)\r\n1.8.0(000123.45*kWh)\r\n!\r\n"
        let readout = try #require(Self.readouts(text).first)
        #expect(readout.identification?.manufacturer == "ISk")
        #expect(readout.value("1.8.0") == "000123.45")
        #expect(!readout.isChecked)
        #expect(readout.text == Array(text.utf8))
    }

    @Test(arguments: [
        "/ISk5MT174\n1.8.0(1.0*kWh)\n!\n",
        "\u{FEFF}/ISk5MT174\n\n\n1.8.0(1.0*kWh)\n!",
        "/?!\r\n/ISk5MT174\r\n\u{6}050\r\n1.8.0(1.0*kWh)\r\n!\r\n",
        "/ISk5MT174\r\n1.8.0(1.0*kWh)\r\n",
        "  \r\n/ISk5MT174\r\nnonsense\r\n1.8.0(1.0*kWh)\r\n!\r\n",
    ])
    func `What editors and loggers make of a readout is forgiven`(text: String) throws {
        let readouts = Self.readouts(text)
        #expect(readouts.count == 1)
        #expect(readouts.first?.value("1.8.0") == "1.0")
    }

    @Test func `A block check that fits the standard's line ends survives an editor`() throws {
        let octets = try #require(Self.published).filter { $0 != 0x0D }
        let readout = try #require(try ReadoutFile(octets).items.first?.readout.get())
        #expect(readout.isChecked)
    }

    @Test func `Check digits are tested`() throws {
        let right = TextTelegram(
            identification: try IdentificationMessage(octets: Array("/ISk5MT174\r\n".utf8)),
            lines: try TextDataBlock(octets: Array("1.8.0(1.0*kWh)\r\n".utf8)).lines,
            hasCheckDigits: true
        ).octets
        #expect(try ReadoutFile(right).items.first?.readout.get().isChecked == true)
        let wrong = right.map { $0 == UInt8(ascii: "0") ? UInt8(ascii: "7") : $0 }
        let item = try #require(ReadoutFile(wrong).items.first)
        #expect(throws: DecodeError.self) { try item.readout.get() }
    }

    @Test func `Many readouts come in one file, and one that is broken spoils no other`() throws {
        let text = "/ISk5A\r\n1.8.0(1)\r\n!\r\n/!!\r\nrubbish\r\n/ISk5B\r\n1.8.0(2)\r\n/ISk5C\r\n1.8.0(3)\r\n!\r\n"
        let items = ReadoutFile(Array(text.utf8)).items
        #expect(items.map(\.line) == [1, 4, 6, 8])
        #expect(items.map { (try? $0.readout.get())?.value("1.8.0") } == ["1", nil, "2", "3"])
        #expect(items.map { (try? $0.readout.get())?.isComplete } == [true, nil, false, true])
    }

    @Test func `Parity in bit 7 does not matter`() throws {
        let octets = TextParity.even.octets(of: Array("/ISk5A\r\n1.8.0(17)\r\n!\r\n".utf8))
        #expect(try ReadoutFile(octets).items.first?.readout.get().value("1.8.0") == "17")
    }

    @Test(arguments: ["", "\r\n\r\n", "hello\r\nworld\r\n", "\u{3}\u{3}", "/", "/ISk", "\u{2}", "\u{2}\u{3}x", "!"])
    func `A file without readouts has none`(text: String) {
        #expect(Self.readouts(text).isEmpty)
    }
}

@Suite("Damaged readouts and profiles")
struct DamagedTextTests {
    /// A generator that repeats.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let samples = [
        "/ISk5MT174-0001\r\n\u{2}0.0.0(12345678)\r\n1.8.0(000123.45*kWh)\r\n!\r\n\u{3}L/ISk5X\r\n1.8.0(1)\r\n!7F3A\r\n",
        "P.01(0261122001500)(08)(15)(2)(1.5.0)(kW)(2.5.0)(kW)\r\n(0.125)(0.000)\r\n(ERROR)\r\nP.98(2611221015)()()(0)\r\n",
    ]

    @Test(arguments: samples) func `Whatever a line makes of them is taken or refused`(sample: String) throws {
        var generator = Generator(state: 20_261_122)
        for _ in 0..<5000 {
            var octets = Array(sample.utf8)
            for _ in 0...Int.random(in: 0..<6, using: &generator) {
                let place = Int.random(in: 0..<octets.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: octets[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: octets.remove(at: place)
                default: octets.insert(octets[Int.random(in: 0..<octets.count, using: &generator)], at: place)
                }
                if octets.isEmpty { octets = [0] }
            }
            let file = ReadoutFile(octets)
            #expect(file.items.map(\.line) == file.items.map(\.line).sorted())
            for item in file.items {
                guard let readout = try? item.readout.get(), !readout.sets.isEmpty else { continue }
                // What is kept of a readout reads as the same data.
                let again = ReadoutFile(readout.text).items.compactMap { try? $0.readout.get() }
                #expect(again.map(\.sets) == [readout.sets])
            }
            _ = (try? TextDataBlock(octets: octets)).map { try? TextProfile($0) }
        }
    }
}
