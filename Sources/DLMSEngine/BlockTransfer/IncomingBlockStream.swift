// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Puts the general blocks of one direction together, whatever order they come in.
///
/// Blocks that come before their turn are kept until the gap is closed, no more of them than a window can hold.
struct IncomingBlockStream: Hashable, Sendable {
    /// What a block brought.
    enum Arrival: Hashable, Sendable {
        /// The next block, perhaps with kept ones after it.
        case inOrder
        /// A block behind a gap.
        case early
        /// A block that had come before, or that cannot be placed.
        case useless
    }

    private let limit: Int
    private var octets: [UInt8] = []
    private var early: [UInt16: GeneralBlockTransfer] = [:]
    private var earlyOctets = 0
    /// The number of the last block that came in order; 0 = none.
    private(set) var acknowledged: UInt16 = 0
    /// Whether the last block has come and none before it is missing.
    private(set) var isComplete = false

    /// - Parameter limit: the most octets accepted together.
    init(limit: Int) {
        self.limit = limit
    }

    /// The octets kept of blocks whose rest is missing.
    var pendingCount: Int { octets.count + earlyOctets }

    /// Whether any block has come in order.
    var hasBegun: Bool { acknowledged > 0 }

    /// Whether any content has come in order, more than acknowledgements.
    var hasContent: Bool { !octets.isEmpty }

    /// Whether a block is missing before one that has come.
    var hasGap: Bool { !early.isEmpty }

    /// Nothing is to come, except acknowledgements.
    mutating func expectNothing() {
        isComplete = true
    }

    /// Takes a block; nil when there are too many octets or blocks.
    mutating func add(_ block: GeneralBlockTransfer) -> Arrival? {
        guard !isComplete, block.blockNumber > acknowledged else { return .useless }
        guard acknowledged < .max else { return nil }
        guard block.blockNumber == acknowledged + 1 else {
            guard early[block.blockNumber] == nil else { return .useless }
            guard early.count < 63, block.blockNumber - acknowledged <= 64 else { return .useless }
            earlyOctets += block.blockData.count
            guard octets.count + earlyOctets <= limit else { return nil }
            early[block.blockNumber] = block
            return .early
        }
        append(block)
        while !isComplete, acknowledged < .max, let next = early.removeValue(forKey: acknowledged + 1) {
            earlyOctets -= next.blockData.count
            append(next)
        }
        return octets.count <= limit ? .inOrder : nil
    }

    /// Hands out the APDU, once it is complete.
    mutating func take() -> [UInt8] {
        defer { octets = [] }
        return octets
    }

    private mutating func append(_ block: GeneralBlockTransfer) {
        acknowledged += 1
        octets += block.blockData
        // An empty block before any content only acknowledges: its sender has nothing to send yet.
        guard block.isLast, !octets.isEmpty else { return }
        isComplete = true
        early = [:]
        earlyOctets = 0
    }
}
