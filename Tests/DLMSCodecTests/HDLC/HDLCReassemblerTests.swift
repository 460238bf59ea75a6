// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct HDLCReassemblerTests {
    private let frames: [HDLCFrame] = Vector.load("hdlc").compactMap { try? HDLCFrame(octets: $0.octets) }

    private func items(_ stream: [UInt8], piece: Int) -> [HDLCReassembler.Item] {
        var reassembler = HDLCReassembler()
        var items: [HDLCReassembler.Item] = []
        for start in stride(from: 0, to: stream.count, by: piece) {
            reassembler.push(stream[start..<min(start + piece, stream.count)])
            while let item = reassembler.next() { items.append(item) }
        }
        return items
    }

    private func frames(in items: [HDLCReassembler.Item]) -> [HDLCFrame] {
        items.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 5000])
    func framesComeOutHoweverTheStreamIsSplit(piece: Int) {
        #expect(frames.count == 36)
        #expect(items(frames.flatMap(\.octets), piece: piece) == frames.map { .frame($0) })
    }

    @Test(arguments: [1, 5, 5000])
    func aClosingFlagMayOpenTheNextFrame(piece: Int) {
        let flag = [HDLCFrame.flag]
        let shared: [UInt8] = flag + frames.flatMap { $0.content + flag }
        #expect(items(shared, piece: piece) == frames.map { .frame($0) })
        let filled: [UInt8] = frames.flatMap { flag + flag + flag + $0.content + flag }
        #expect(items(filled, piece: piece) == frames.map { .frame($0) })
    }

    @Test(arguments: 0..<200)
    func framesAreFoundBehindNoise(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed))
        var stream: [UInt8] = []
        for frame in frames {
            // Noise that often looks like the start of a frame.
            let noise = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                [0x7E, 0xA0, 0xA7, 0x03, UInt8.random(in: 0...255, using: &generator)]
                    .randomElement(using: &generator) ?? 0
            }
            stream += noise + frame.octets
        }
        let found = items(stream, piece: Int.random(in: 1...100, using: &generator))
        #expect(frames(in: found) == frames)
    }

    @Test func nothingOfTheStreamIsLost() {
        let stream: [UInt8] = [1, 2, 0x7E, 0xA0, 0x03, 0x7E, 9] + frames[0].octets + [5, 6]
        var rest: [UInt8] = []
        for item in items(stream, piece: 1) {
            if case .noise(let octets, _) = item { rest += octets }
        }
        #expect(
            rest == [1, 2, 0x7E, 0xA0, 0x03, 0x7E, 9, 0x7E, 5] || rest == [1, 2, 0x7E, 0xA0, 0x03, 0x7E, 9, 0x7E, 5, 6]
        )
    }

    @Test func aDamagedFrameSaysWhyAndTheNextOneComes() {
        var damaged = frames[5].octets
        damaged[20] ^= 1
        let found = items(damaged + frames[6].octets, piece: 9)
        guard case .noise(_, let error?) = found.first else {
            Issue.record("\(found)")
            return
        }
        #expect(error.what == "FCS")
        #expect(frames(in: found) == [frames[6]])
    }

    @Test func aFrameThatIsCutBySilenceIsNoise() {
        var reassembler = HDLCReassembler()
        reassembler.push(frames[5].octets.dropLast(4))
        #expect(reassembler.next() == nil)
        #expect(reassembler.pendingCount > 0)
        guard case .noise(let octets, let error?) = reassembler.next(isSilent: true) else {
            Issue.record("nothing was given up")
            return
        }
        #expect(octets == frames[5].octets.dropLast(4))
        #expect(error.isTruncation)
        reassembler.push(frames[6].octets)
        #expect(reassembler.next() == .frame(frames[6]))
    }

    @Test func aFrameInsideOfWhatLookedLikeALongerOneIsFoundAfterSilence() throws {
        // A header with right check sequence announces 2 000 octets that never come.
        let client = try #require(HDLCAddress(upper: 16))
        let long = try #require(
            HDLCFrame(
                destination: client,
                source: client,
                control: HDLCControl(.unnumberedInformation, isPollOrFinal: false),
                information: Array(repeating: 0, count: 2000)
            )
        )
        var reassembler = HDLCReassembler()
        reassembler.push(long.octets.prefix(20) + frames[0].octets)
        #expect(reassembler.next() == nil)
        guard case .noise = reassembler.next(isSilent: true) else {
            Issue.record("the cut frame stays")
            return
        }
        #expect(reassembler.next() == .frame(frames[0]))
    }

    @Test func exactEchoesAreDroppedOnce() {
        var reassembler = HDLCReassembler()
        reassembler.sent(frames[0])
        reassembler.push(frames[0].octets + frames[2].octets + frames[0].octets)
        #expect(reassembler.next() == .frame(frames[2]))
        #expect(reassembler.next() == .frame(frames[0]))
        #expect(reassembler.next() == nil)
    }

    @Test func echoesThatDidNotComeAreForgottenWithTheAnswer() {
        var reassembler = HDLCReassembler()
        reassembler.sent(frames[0])
        reassembler.push(frames[2].octets + frames[0].octets)
        #expect(reassembler.next() == .frame(frames[2]))
        #expect(reassembler.next() == .frame(frames[0]))
    }

    @Test func randomOctetsNeverStayForEver() {
        var generator = SeededGenerator(state: 11)
        var reassembler = HDLCReassembler()
        for _ in 0..<2000 {
            reassembler.push(generator.octets(upTo: 400))
            while reassembler.next() != nil {}
            #expect(reassembler.pendingCount <= HDLCFrame.longestLength + 1)
        }
    }
}
