// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Cuts what one side sends into frames, whichever protocol they are of; a line may change from one to another.
struct FrameCutter {
    /// What was cut out.
    enum Piece {
        /// A frame of the wrapper.
        case wrapper([UInt8])
        /// An HDLC frame, and all octets with the flags.
        case hdlc(HDLCFrame, [UInt8])
        /// A message of the text protocol, and its octets as they were.
        case text(TextMessage, [UInt8])
        /// Octets that make no frame.
        case unknown([UInt8])
    }

    /// More than this is not waited for.
    private static let mostPending = TextMessageReassembler.longestMessage

    private let side: ConversationSide
    private var pending: [UInt8] = []

    init(side: ConversationSide) {
        self.side = side
    }

    mutating func push(_ octets: [UInt8]) {
        pending += octets
    }

    /// Cuts out the next frame.
    ///
    /// - Parameter isOver: whether nothing follows, so that what has begun will not become a frame.
    mutating func next(isOver: Bool = false) -> Piece? {
        guard let first = pending.first else { return nil }
        let isLast = isOver || pending.count > Self.mostPending
        let piece: Piece?
        switch (first, pending.dropFirst().first) {
        case (HDLCFrame.flag, _): piece = nextHDLC(isLast)
        case (0, nil) where !isLast: return nil
        case (0, 1): piece = nextWrapper(isLast)
        default: piece = Self.beginsText(first) ? nextText(isLast) : take(unknownCount)
        }
        if piece == nil, isOver {
            // A flag may wait for the frame that it opens; it is no octet of interest.
            if !pending.allSatisfy({ $0 == HDLCFrame.flag }) { return take(pending.count) }
            pending = []
        }
        return piece
    }

    private static func beginsText(_ octet: UInt8) -> Bool {
        switch octet & 0x7F {
        case TextCharacter.start, TextCharacter.startOfHeader, TextCharacter.startOfText, TextCharacter.acknowledge,
            TextCharacter.negativeAcknowledge:
            true
        default: false
        }
    }

    private mutating func nextWrapper(_ isLast: Bool) -> Piece? {
        guard pending.count >= WrapperFrame.headerLength else { return isLast ? take(pending.count) : nil }
        let length = WrapperFrame.headerLength + Int(pending[6]) << 8 + Int(pending[7])
        guard pending.count >= length else { return isLast ? take(pending.count) : nil }
        defer { pending.removeFirst(length) }
        return .wrapper(Array(pending.prefix(length)))
    }

    private mutating func nextHDLC(_ isLast: Bool) -> Piece? {
        var reassembler = HDLCReassembler()
        reassembler.push(pending)
        switch reassembler.next(isSilent: isLast) {
        case .frame(let frame)?:
            let count = pending.count - reassembler.pendingCount
            defer { pending.removeFirst(count) }
            // The closing flag may open the next frame; it belongs to both, and may still be on its way.
            return .hdlc(frame, Array(pending.prefix(count)) + [HDLCFrame.flag])
        case .noise?: return take(max(pending.count - reassembler.pendingCount, 1))
        case nil: return nil
        }
    }

    private mutating func nextText(_ isLast: Bool) -> Piece? {
        var reassembler = TextMessageReassembler(side: side == .client ? .meter : .client)
        reassembler.push(pending)
        switch reassembler.next(isSilent: isLast) {
        case .message(let message)?:
            let count = pending.count - reassembler.pendingCount
            defer { pending.removeFirst(count) }
            return .text(message, Array(pending.prefix(count)))
        case .noise?: return take(max(pending.count - reassembler.pendingCount, 1))
        case nil: return nil
        }
    }

    /// How many octets there are in front of what may begin a frame.
    private var unknownCount: Int {
        let next = pending.indices.dropFirst().first { index in
            let octet = pending[index]
            return octet == HDLCFrame.flag || octet & 0x7F == TextCharacter.start
                || octet == 0 && pending.dropFirst(index + 1).first == 1
        }
        return next ?? pending.count
    }

    private mutating func take(_ count: Int) -> Piece {
        defer { pending.removeFirst(min(count, pending.count)) }
        return .unknown(Array(pending.prefix(count)))
    }
}
