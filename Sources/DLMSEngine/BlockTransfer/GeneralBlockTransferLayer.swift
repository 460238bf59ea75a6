// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Carries whole APDUs in general blocks, both ways, between the framing and the protection (IEC 62056-5-3).
///
/// The parties take turns: a block without the streaming bit hands the turn over, and each block says up to which number
/// the sender has all blocks of the other. What comes after that number is sent again. How many blocks may go in one turn
/// is learned from the blocks of the peer; before any has come it is one. Observed: peers that acknowledge with an empty
/// block that claims to be the last one, and peers that go on acknowledging the blocks of the exchange before.
///
/// ```
///                 begin                     last block acknowledged, answer not here yet
///  at rest ──────────────────► sending ────────────────► receiving ──last block──► at rest
///     ▲  first block of peer      ▲ └─┐ turn: next or      ▲ └─┐ turn: acknowledge
///     └── receiving (server)      └───┘ lost blocks        └───┘
/// ```
///
/// Whoever has a timer, the client, does not react to a turn that brings nothing new: else each block that comes twice would
/// double the traffic for the rest of the transfer. A server reacts always, because its answer may have been lost.
///
/// Blocks with window 0 in an unbroken stream are taken without acknowledgement; pushes come so.
struct GeneralBlockTransferLayer: Hashable, Sendable {
    /// What is to be done after an event.
    struct Output: Hashable, Sendable {
        /// Blocks to be sent, in this order.
        var send: [[UInt8]] = []
        /// An APDU that is complete.
        var apdu: [UInt8]?
        /// Why the transfer in progress cannot go on.
        var fault: EngineError?
    }

    /// Which side of the association a layer belongs to.
    enum Role: Hashable, Sendable {
        case client, server
    }

    private let role: Role
    private let settings: GeneralBlockTransferSettings
    private let limit: Int
    private var incoming: IncomingBlockStream
    private var outgoing = OutgoingBlockStream()
    /// A stream that is not acknowledged, beside the exchange in progress.
    private var unacknowledged: IncomingBlockStream?
    private var peerWindow = 1
    /// How many turns in a row brought nothing new.
    private var standstill = 0
    private var silences = 0
    /// Whether a transfer is in progress in either direction.
    private(set) var isActive = false

    /// - Parameters:
    ///   - role: the side of the association.
    ///   - settings: window and repetitions.
    ///   - limit: the most octets an APDU may have.
    init(_ role: Role, _ settings: GeneralBlockTransferSettings, limit: Int) {
        self.role = role
        self.settings = settings
        self.limit = limit
        incoming = IncomingBlockStream(limit: limit)
    }

    /// Whether an APDU of the peer has begun whose rest is missing.
    var isOpen: Bool { incoming.hasBegun && !incoming.isComplete || unacknowledged != nil || pendingCount > 0 }

    /// The octets kept of APDUs of the peer whose rest is missing.
    var pendingCount: Int { incoming.pendingCount + (unacknowledged?.pendingCount ?? 0) }

    /// The octets that a block adds to its content.
    static let overhead = 10

    /// Begins an exchange with an APDU of ours; returns the first block.
    ///
    /// - Parameter blockLength: the most octets of content in a block.
    mutating func begin(_ apdu: [UInt8], blockLength: Int) -> [[UInt8]] {
        reset()
        isActive = true
        outgoing.begin(apdu, blockLength: blockLength)
        return turn()
    }

    /// Answers the APDU that came in blocks last; returns as many blocks as the peer takes at once.
    mutating func answer(_ apdu: [UInt8], blockLength: Int) -> [[UInt8]] {
        isActive = true
        outgoing.begin(apdu, blockLength: blockLength)
        return turn()
    }

    /// Answers an APDU that came without blocks; returns the first block.
    mutating func answerPlain(_ apdu: [UInt8], blockLength: Int) -> [[UInt8]] {
        reset()
        incoming.expectNothing()
        return answer(apdu, blockLength: blockLength)
    }

    /// Cuts an APDU that nobody acknowledges, such as a push, into one stream of blocks with window 0.
    static func unacknowledgedStream(_ apdu: [UInt8], blockLength: Int) -> [[UInt8]] {
        var outgoing = OutgoingBlockStream()
        outgoing.begin(apdu, blockLength: blockLength)
        var blocks: [[UInt8]] = []
        while outgoing.hasMore, let block = outgoing.next() {
            blocks.append(
                GeneralBlockTransfer(
                    isLast: block.isLast,
                    isStreaming: !block.isLast,
                    window: 0,
                    blockNumber: block.number,
                    blockNumberAcknowledged: 0,
                    blockData: Array(block.octets)
                ).octets
            )
        }
        return blocks
    }

    /// Forgets the exchange: it has ended in another way.
    mutating func reset() {
        incoming = IncomingBlockStream(limit: limit)
        outgoing = OutgoingBlockStream()
        standstill = 0
        silences = 0
        isActive = false
    }

    /// Nothing has come for a while; returns what may bring the peer to go on, nil when only failing is left.
    mutating func silence() -> [[UInt8]]? {
        guard isActive, !incoming.isComplete, silences < settings.repetitions else { return nil }
        guard incoming.hasBegun || outgoing.mayRepeat else { return nil }
        silences += 1
        outgoing.rewind()
        return turn()
    }

    /// Takes an APDU with tag E0.
    mutating func received(_ apdu: [UInt8]) -> Output {
        guard let block = try? GeneralBlockTransfer(octets: apdu) else {
            return Output(fault: .blockTransfer(.unreadable))
        }
        if let output = receivedUnacknowledged(block) { return output }
        if startsExchange(block) {
            reset()
            isActive = true
        }
        guard isActive else { return Output() }
        return receivedInExchange(block)
    }

    /// Whether a block begins an exchange of the peer: the first one while nothing of ours is on its way.
    private func startsExchange(_ block: GeneralBlockTransfer) -> Bool {
        guard block.blockNumber == 1, !block.blockData.isEmpty else { return false }
        return !isActive || (incoming.isComplete && !outgoing.hasMore)
    }

    private mutating func receivedInExchange(_ block: GeneralBlockTransfer) -> Output {
        var output = Output()
        let isOutdated = incoming.isComplete && block.blockNumberAcknowledged < outgoing.acknowledged
        guard !isOutdated else { return output }
        var hasProgress = outgoing.acknowledge(block.blockNumberAcknowledged)
        var isNews = hasProgress
        peerWindow = max(Int(block.window), 1)
        if !incoming.isComplete {
            guard let arrival = incoming.add(block) else {
                output.fault = .responseTooLong(limit: limit)
                return output
            }
            if arrival != .useless {
                isNews = true
                hasProgress = hasProgress || !block.blockData.isEmpty
            }
            // Who answers has everything, whatever number it acknowledges.
            if incoming.hasContent, outgoing.isCut { outgoing.acknowledgeAll() }
            if incoming.isComplete {
                output.apdu = incoming.take()
                if outgoing.isCut { isActive = false }
                return output
            }
        }
        if hasProgress {
            standstill = 0
            silences = 0
        }
        guard !block.isStreaming, isNews || role == .server else { return output }
        if !hasProgress { standstill += 1 }
        guard standstill <= settings.repetitions else {
            output.fault = .blockTransfer(.noProgress(turns: standstill))
            return output
        }
        if incoming.isComplete, !outgoing.hasMore { return output }
        output.send = turn()
        return output
    }

    /// Takes a block of a stream that nobody acknowledges; nil when it belongs to an exchange.
    private mutating func receivedUnacknowledged(_ block: GeneralBlockTransfer) -> Output? {
        guard block.window == 0 else { return nil }
        if block.blockNumber == 1, block.isStreaming || block.isLast, !isActive || incoming.hasContent {
            unacknowledged = IncomingBlockStream(limit: limit)
        }
        guard var stream = unacknowledged else { return nil }
        unacknowledged = nil
        guard stream.add(block) != nil else { return Output(fault: .responseTooLong(limit: limit)) }
        if stream.isComplete { return Output(apdu: stream.take()) }
        unacknowledged = stream
        return Output()
    }

    /// The blocks of our turn: content up to the peer's window, or one block that acknowledges.
    private mutating func turn() -> [[UInt8]] {
        var blocks: [[UInt8]] = []
        repeat {
            guard let block = outgoing.next() else { return blocks }
            let goesOn = outgoing.hasMore && blocks.count + 1 < peerWindow
            blocks.append(
                GeneralBlockTransfer(
                    isLast: block.isLast,
                    isStreaming: goesOn,
                    window: settings.window,
                    blockNumber: block.number,
                    blockNumberAcknowledged: incoming.acknowledged,
                    blockData: Array(block.octets)
                ).octets
            )
        } while outgoing.hasMore && blocks.count < peerWindow
        return blocks
    }
}
