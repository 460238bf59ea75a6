// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Testing

@testable import MeterTransport

@Suite("Telnet COM port control (RFC 2217)")
struct TelnetComPortTests {
    @Test("A speed goes in four octets, and an octet that Telnet uses itself is doubled")
    func commands() {
        let commands = TelnetComPort.commands(for: LineFormat(baud: 300, dataBits: 7, parity: .even, stopBits: 1))
        #expect(
            commands.flatMap { TelnetComPort.message($0.command, $0.value) } == [
                255, 250, 44, 1, 0, 0, 1, 44, 255, 240,
                255, 250, 44, 2, 7, 255, 240,
                255, 250, 44, 3, 3, 255, 240,
                255, 250, 44, 4, 1, 255, 240,
            ]
        )
        #expect(TelnetComPort.message(.setBaudRate, [0, 0, 255, 1]) == [255, 250, 44, 1, 0, 0, 255, 255, 1, 255, 240])
        #expect(TelnetComPort.escaped([1, 255, 2]) == [1, 255, 255, 2])
    }

    @Test("Octets of the line and answers are told apart, in whatever pieces they come", arguments: 1...9)
    func pieces(size: Int) {
        var telnet = TelnetComPort()
        _ = telnet.begin()
        let incoming: [UInt8] =
            [255, 253, 44, 7, 255, 255, 8, 255, 250, 44, 101, 0, 0, 255, 255, 0, 255, 240, 9]
            + [255, 251, 1, 255, 253, 24, 255, 253, 0, 255, 241, 10]
        var data: [UInt8] = []
        var others: [TelnetComPort.Event] = []
        for start in stride(from: 0, to: incoming.count, by: size) {
            for event in telnet.received(Array(incoming[start..<min(start + size, incoming.count)])) {
                if case .data(let octets) = event { data += octets } else { others.append(event) }
            }
        }
        #expect(data == [7, 255, 8, 9, 10])
        // Echo and terminal type are declined; what we offered ourselves needs no answer.
        #expect(
            others == [.agreed, .answered(1, [0, 0, 255, 0]), .reply([255, 254, 1]), .reply([255, 252, 24])]
        )
    }

    @Test("A server without the option is told from one with it")
    func refused() {
        var telnet = TelnetComPort()
        #expect(telnet.begin().starts(with: [255, 251, 44]))
        #expect(telnet.received([255, 254, 44]) == [.refused])
    }
}
