// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Collects the blocks of a long request for what they are meant.
struct ReceivedBlocks<Target: Sendable>: Sendable {
    /// The most octets a long request may have.
    static var limit: Int { 1 << 20 }

    let target: Target
    private(set) var octets: [UInt8] = []
    private var counter = BlockCounter(limit: Self.limit)

    init(_ target: Target) {
        self.target = target
    }

    /// Adds a block; false when it is not the next one or there are too many octets.
    mutating func add(_ block: OctetBlock) -> Bool {
        guard counter.blockReceived(number: block.number, octets: block.rawData.count) == nil else { return false }
        octets += block.rawData
        return true
    }

    /// The list of values that the blocks of a request for several targets add up to.
    func values() throws(DecodeError) -> [DLMSData] {
        var reader = OctetReader(octets)
        let count = try reader.readCount("value-list")
        var values: [DLMSData] = []
        for _ in 0..<count {
            values.append(try DLMSData(decoding: &reader))
        }
        return values
    }
}
