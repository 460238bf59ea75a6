// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Cuts a stream into HDLC frames that are sent unasked, UI and I, and puts their segments together.
///
/// There is no link: nothing is acknowledged, and numbers tell only that a segment is missing. Only the first segment has
/// the LLC header, so one that has it begins anew. Observed: pushes in I frames without a link, and to client 0.
struct PushFrames: Sendable {
    enum Item: Hashable {
        case message([UInt8], PushRoute)
        case lost(PushLoss, Int)
    }

    private struct Segments: Sendable {
        let addresses: [HDLCAddress]
        var reassembler: HDLCInformationReassembler
        var count = 0
        /// The number that the next I frame must have; nil for UI frames.
        var expected: HDLCSequenceNumber?
    }

    /// How many senders on one line may have begun a message; the oldest is given up.
    private static let mostSenders = 4

    private let longest: Int
    private var reassembler = HDLCReassembler()
    private var open: [Segments] = []
    private var losses: [Item] = []

    /// - Parameter longest: the longest APDU.
    init(longest: Int) {
        self.longest = longest
    }

    var pendingCount: Int { reassembler.pendingCount + open.reduce(0) { $0 + $1.count } }

    mutating func push(_ octets: some Collection<UInt8>) {
        reassembler.push(octets)
    }

    /// The next message or loss; nil when more octets are needed.
    ///
    /// - Parameter isSilent: whether frames that have begun will not be completed.
    mutating func next(isSilent: Bool) -> Item? {
        while true {
            if !losses.isEmpty { return losses.removeFirst() }
            switch reassembler.next(isSilent: isSilent) {
            case nil: return nil
            case .noise(let octets, _): return .lost(.noise, octets.count)
            case .frame(let frame):
                if let message = take(frame) { return message }
            }
        }
    }

    private mutating func take(_ frame: HDLCFrame) -> Item? {
        guard frame.control.carriesAPDU else { return .lost(.notANotification, frame.length + 2) }
        let addresses = [frame.destination, frame.source]
        var segments =
            remove(addresses)
            ?? Segments(
                addresses: addresses,
                reassembler: HDLCInformationReassembler(longest: longest + LLCHeader.length)
            )
        let number = frame.control.sendSequenceNumber
        let isNew = LLCHeader(startOf: frame.information) != nil
        if segments.reassembler.isOpen, isNew || segments.expected != number {
            losses.append(.lost(.incomplete, segments.count))
            segments.reassembler.discard()
            segments.count = 0
        }
        do throws(DecodeError) {
            guard let message = try segments.reassembler.push(frame) else {
                segments.count += frame.information.count
                segments.expected = number?.next
                keep(segments)
                return nil
            }
            guard !message.apdu.isEmpty else { return nil }
            return .message(message.apdu, .hdlc(source: frame.source, destination: frame.destination))
        } catch {
            return .lost(.tooLong, segments.count + frame.information.count)
        }
    }

    private mutating func remove(_ addresses: [HDLCAddress]) -> Segments? {
        guard let index = open.firstIndex(where: { $0.addresses == addresses }) else { return nil }
        return open.remove(at: index)
    }

    private mutating func keep(_ segments: Segments) {
        if open.count == Self.mostSenders { losses.append(.lost(.incomplete, open.removeFirst().count)) }
        open.append(segments)
    }
}
