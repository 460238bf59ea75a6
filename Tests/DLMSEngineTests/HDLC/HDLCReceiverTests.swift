// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Testing

@testable import DLMSEngine

struct HDLCReceiverTests {
    @Test func segmentsThatBringNothingDoNotGoOnForEver() throws {
        var receiver = HDLCReceiver(longest: 1024)
        func receive(_ information: [UInt8]) throws -> HDLCReceiver.Receipt {
            let number = receiver.expected
            let frame = try #require(
                HDLCFrame(
                    destination: HDLCAddress(client: 16),
                    source: HDLCAddress(client: 1),
                    control: HDLCControl(
                        .information(send: number, receive: .zero),
                        isPollOrFinal: true
                    ),
                    information: information,
                    isSegmented: true
                )
            )
            return receiver.received(frame, number: number)
        }
        for _ in 0..<3 {
            #expect(try receive([1]) == .segment)
            for _ in 0..<16 { #expect(try receive([]) == .segment) }
        }
        #expect(try receive([]) == .tooLong)
    }
}
