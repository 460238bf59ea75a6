// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct WrapperReassemblerTests {
    private let frames: [WrapperFrame] = [[1, 2, 3], [], Array(repeating: 9, count: 300), [0xFF]].compactMap {
        WrapperFrame(sourcePort: 16, destinationPort: 1, payload: $0)
    }

    @Test(arguments: 1...320)
    func framesComeOutHoweverTheStreamIsSplit(size: Int) throws {
        let stream = frames.flatMap(\.octets)
        var reassembler = WrapperReassembler()
        var found: [WrapperFrame] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            reassembler.push(stream[start..<min(start + size, stream.count)])
            while let frame = try reassembler.next() { found.append(frame) }
        }
        #expect(found == frames)
        #expect(reassembler.pendingCount == 0)
    }

    @Test func aStreamOfAnotherVersionIsRefused() {
        var reassembler = WrapperReassembler()
        reassembler.push([0x00, 0x02])
        #expect(throws: DecodeError.self) { try reassembler.next() }
        #expect(throws: DecodeError.self) { try reassembler.next() }
    }

    @Test func payloadsLongerThanTheLengthFieldHaveNoFrame() {
        let payload = [UInt8](repeating: 0, count: 65_536)
        #expect(WrapperFrame(sourcePort: 1, destinationPort: 1, payload: payload) == nil)
    }
}
