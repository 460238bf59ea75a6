// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@Suite struct HDLCInformationReassemblerTests {
    private func frame(_ name: String) throws -> HDLCFrame {
        let vector = try #require(Vector.load("hdlc").first { $0.name == name })
        return try HDLCFrame(octets: vector.octets)
    }

    @Test func segmentsBecomeOneAPDU() throws {
        var reassembler = HDLCInformationReassembler()
        #expect(try reassembler.push(frame("hdlc-seg1")) == nil)
        #expect(reassembler.isOpen)
        #expect(try reassembler.push(frame("hdlc-rr-1b")) == nil)
        #expect(try reassembler.push(frame("hdlc-seg2")) == nil)
        let message = try #require(try reassembler.push(frame("hdlc-seg3")))
        #expect(message.header == .response)
        #expect(message.apdu == [0xC4, 1, 0xC1, 0, 0x0A, 0x0A] + Array("HELLOWORLD".utf8))
        #expect(!reassembler.isOpen)
    }

    @Test func framesOfAnotherStationEndWhatWasBegun() throws {
        var reassembler = HDLCInformationReassembler()
        _ = try reassembler.push(frame("hdlc-seg1"))
        let other = try #require(try reassembler.push(frame("hdlc-spodes-getresp")))
        #expect(other.apdu.first == 0xC4)
        #expect(!reassembler.isOpen)
    }

    @Test func segmentsWithoutEndAreRefused() throws {
        var reassembler = HDLCInformationReassembler(longest: 10)
        _ = try reassembler.push(frame("hdlc-seg1"))
        let second = try frame("hdlc-seg2")
        #expect(throws: DecodeError.self) { try reassembler.push(second) }
        #expect(!reassembler.isOpen)
    }

    @Test(arguments: 1...40)
    func aMessageIsCutAndPutTogether(size: Int) throws {
        let message = HDLCInformationReassembler.Message(header: .command, apdu: Array(0..<30))
        let segments = message.segments(longest: size)
        #expect(segments.allSatisfy { $0.count <= size && !$0.isEmpty })
        let server = try #require(HDLCAddress(upper: 1))
        let control = HDLCControl(.information(send: .zero, receive: .zero), isPollOrFinal: true)
        var reassembler = HDLCInformationReassembler()
        for (index, information) in segments.enumerated() {
            let isLast = index == segments.count - 1
            let frame = try #require(
                HDLCFrame(
                    destination: server,
                    source: server,
                    control: control,
                    information: information,
                    isSegmented: !isLast
                )
            )
            #expect(try reassembler.push(frame) == (isLast ? message : nil))
        }
    }
}
