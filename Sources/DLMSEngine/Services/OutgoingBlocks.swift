// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Cuts the octets of a long value into blocks, numbered from 1.
struct OutgoingBlocks: Hashable, Sendable {
    private let octets: [UInt8]
    private var offset = 0
    /// The number of the block taken last.
    private(set) var number: UInt32 = 0

    init(_ octets: [UInt8]) {
        self.octets = octets
    }

    /// Whether all octets were taken.
    var isComplete: Bool { offset == octets.count }

    /// The octets not taken yet.
    var remaining: Int { octets.count - offset }

    /// Whether a block with this number was acknowledged before the one that was taken last.
    func isAcknowledged(_ number: UInt32) -> Bool { number > 0 && number < self.number }

    /// Takes the next block of at most `length` octets.
    mutating func next(length: Int) -> [UInt8] {
        let end = min(offset + max(length, 1), octets.count)
        defer { offset = end }
        number += 1
        return Array(octets[offset..<end])
    }
}
