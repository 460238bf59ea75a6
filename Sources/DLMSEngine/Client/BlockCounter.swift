// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Checks that the blocks of one transfer arrive in order, bring something, and are not too many octets together.
struct BlockCounter: Hashable, Sendable {
    /// How many blocks in a row may bring nothing.
    private static let emptyLimit = 16

    private let limit: Int
    private var empty = 0
    private var next: UInt32?
    /// The octets of all blocks so far.
    private(set) var received = 0

    /// Whether any block has come.
    var hasBegun: Bool { next != nil }

    /// Whether a block with this number is the last one once more, as when a datagram came twice.
    func isRepetition(_ number: UInt32) -> Bool { next == number &+ 1 }

    /// - Parameter limit: the most octets accepted together.
    init(limit: Int) {
        self.limit = limit
    }

    /// Counts a block; returns the fault it shows, if any.
    ///
    /// Observed: meters that number the first block 0 instead of 1; either is accepted.
    mutating func blockReceived(number: UInt32, octets: Int) -> EngineError? {
        if let next {
            guard number == next else { return .blockTransfer(.number(expected: next, received: number)) }
        } else if number > 1 {
            return .blockTransfer(.number(expected: 1, received: number))
        }
        next = number &+ 1
        received += octets
        empty = octets == 0 ? empty + 1 : 0
        if empty > Self.emptyLimit { return .blockTransfer(.noProgress(turns: empty)) }
        return received > limit ? .responseTooLong(limit: limit) : nil
    }
}
