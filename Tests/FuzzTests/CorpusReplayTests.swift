// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import Foundation
import Testing

/// Everything that fuzzing found worth keeping, run again.
@Suite struct CorpusReplayTests {
    private func corpus(of entry: FuzzEntry) throws -> [[UInt8]] {
        let folder = try #require(Bundle.module.url(forResource: "Corpus", withExtension: nil))
        let text = try String(contentsOf: folder.appendingPathComponent("\(entry.rawValue).txt"), encoding: .ascii)
        return try text.split(separator: "\n").map { try #require(Hexadecimal.octets(of: $0)) }
    }

    @Test(arguments: FuzzEntry.allCases)
    func theCorpusIsHandled(_ entry: FuzzEntry) throws {
        let inputs = try corpus(of: entry)
        #expect(inputs.count > 10)
        for input in inputs {
            if let fault = entry.fault(of: input) { Issue.record("\(fault): \(Hexadecimal.text(of: input))") }
        }
    }

    @Test(arguments: FuzzEntry.allCases)
    func damagedMembersOfTheCorpusAreHandled(_ entry: FuzzEntry) throws {
        var state: UInt64 = 1
        for member in try corpus(of: entry) {
            var input = member
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                input[Int(state >> 33) % input.count] ^= UInt8(truncatingIfNeeded: state >> 25)
                if let fault = entry.fault(of: input) { Issue.record("\(fault): \(Hexadecimal.text(of: input))") }
            }
        }
    }
}
