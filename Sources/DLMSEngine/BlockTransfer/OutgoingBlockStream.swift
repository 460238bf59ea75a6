// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Cuts an APDU into general blocks and keeps those that were not acknowledged, so that they can be sent again.
///
/// Blocks without content, which only acknowledge, have numbers like any other.
struct OutgoingBlockStream: Hashable, Sendable {
    private var apdu: [UInt8] = []
    private var offset = 0
    private var blockLength = 1
    /// Whether the APDU is known; acknowledgements may go before it.
    private var hasContent = false
    /// The content of the blocks sent but not acknowledged.
    private var unacknowledged: [Range<Int>] = []
    /// The number of the last acknowledged block.
    private(set) var acknowledged: UInt16 = 0
    /// How many of the unacknowledged blocks were sent in the turn now, or need not be sent again.
    private var cursor = 0

    /// Whether all blocks of the APDU were cut, so that what follows only acknowledges.
    var isCut: Bool { hasContent && offset == apdu.count }

    /// Whether content is to be sent: for the first time, or because it was not acknowledged.
    var hasMore: Bool { hasContent && (!isCut || (cursor < unacknowledged.count && !onlyAcknowledges)) }

    /// Whether no content waits for being acknowledged.
    private var onlyAcknowledges: Bool { unacknowledged.allSatisfy(\.isEmpty) }

    /// The highest number sent.
    var lastNumber: UInt16 { acknowledged + UInt16(unacknowledged.count) }

    /// Whether what was not acknowledged may be sent again without being asked for.
    ///
    /// Not when the whole APDU was sent and its first block is not acknowledged: a server that has answered would take
    /// that block for a new request.
    var mayRepeat: Bool { !isCut || acknowledged > 0 }

    /// Takes the APDU to be sent, in blocks of at most so many octets.
    mutating func begin(_ apdu: [UInt8], blockLength: Int) {
        self.apdu = apdu
        self.blockLength = max(blockLength, 1)
        offset = 0
        hasContent = true
    }

    /// The peer has all blocks up to a number, so that those after it are sent again; false when that is no news.
    mutating func acknowledge(_ number: UInt16) -> Bool {
        guard number >= acknowledged, number <= lastNumber else { return false }
        let count = Int(number - acknowledged)
        unacknowledged.removeFirst(count)
        acknowledged = number
        cursor = 0
        return count > 0
    }

    /// Sends what was not acknowledged again from its beginning.
    mutating func rewind() {
        cursor = 0
    }

    /// The peer has everything, as its answer shows.
    mutating func acknowledgeAll() {
        acknowledged = lastNumber
        unacknowledged = []
        cursor = 0
    }

    /// The next block: its number, content, and whether it is the last of the APDU.
    ///
    /// Without anything to be sent it is a block without content; nil when there are no more numbers. Such blocks are
    /// not sent again once the whole APDU is acknowledged, because not all peers acknowledge them.
    mutating func next() -> (number: UInt16, octets: ArraySlice<UInt8>, isLast: Bool)? {
        if isCut, onlyAcknowledges { acknowledgeAll() }
        if cursor == unacknowledged.count {
            guard lastNumber < .max else { return nil }
            let end = min(offset + blockLength, apdu.count)
            unacknowledged.append(hasContent ? offset..<end : 0..<0)
            if hasContent { offset = end }
        }
        let range = unacknowledged[cursor]
        cursor += 1
        // An acknowledgement sent before the APDU was known has an empty range at 0, which never ends an APDU.
        let isLast = hasContent && range.upperBound == apdu.count
        return (acknowledged + UInt16(cursor), apdu[range], isLast)
    }
}
