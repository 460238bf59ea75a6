// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Testing

@testable import MeterTransport

@Suite("Echoes of what was sent")
struct EchoRemovalTests {
    @Test("What comes back of our own is dropped, in whatever pieces it comes", arguments: 1...7)
    func dropped(size: Int) {
        var echo = EchoRemoval()
        echo.sent([1, 2, 3])
        let incoming: [UInt8] = [1, 2, 3, 9, 8, 1, 2]
        var received: [UInt8] = []
        for start in stride(from: 0, to: incoming.count, by: size) {
            received += echo.received(Array(incoming[start..<min(start + size, incoming.count)]))
        }
        #expect(received == [9, 8, 1, 2])
    }

    @Test("Where nothing comes back, nothing is lost, not even what begins alike")
    func absent() {
        var echo = EchoRemoval()
        echo.sent([0x7E, 0xA0, 0x07])
        #expect(echo.received([0x7E, 0xA0]).isEmpty)
        #expect(echo.received([0x1F, 1]) == [0x7E, 0xA0, 0x1F, 1])
        #expect(echo.received([0x7E]) == [0x7E])
    }

    @Test("What was sent while an echo was still missing is expected after it")
    func several() {
        var echo = EchoRemoval()
        echo.sent([1, 2])
        #expect(echo.received([1]).isEmpty)
        echo.sent([3])
        #expect(echo.received([2, 3, 7]) == [7])
    }
}
