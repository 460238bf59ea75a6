// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// What one side of an HDLC link has to send, numbered, and kept until it is acknowledged.
///
/// ```
///  acknowledged │ V(A)  in flight  │ V(S)  waiting
/// ```
struct HDLCSendQueue: Sendable {
    /// The information of one I frame.
    struct Segment: Hashable, Sendable {
        var number: HDLCSequenceNumber
        var information: [UInt8]
        var isSegmented: Bool
    }

    private var segments: [(information: [UInt8], isSegmented: Bool)] = []
    /// The number of the first segment that is not acknowledged, V(A).
    private(set) var unacknowledged = HDLCSequenceNumber.zero
    /// How many segments from there on are in flight.
    private var inFlight = 0
    /// How many segments from there on were ever sent, so that the peer may acknowledge them.
    private var everSent = 0

    /// The number of the segment that is sent next, V(S).
    var nextNumber: HDLCSequenceNumber { HDLCSequenceNumber(unacknowledged.value &+ UInt8(inFlight)) }

    /// Whether there is nothing to send and nothing to be acknowledged.
    var isEmpty: Bool { segments.isEmpty }

    /// Whether something was sent that is not acknowledged.
    var hasUnacknowledged: Bool { everSent > 0 }

    /// Adds a message, cut into information fields of that length.
    mutating func append(_ message: HDLCInformationReassembler.Message, longest: Int) {
        let parts = message.segments(longest: longest)
        for (index, part) in parts.enumerated() { segments.append((part, index < parts.count - 1)) }
    }

    /// The peer expects this number next; returns how many segments that acknowledges, nil if it cannot be.
    mutating func acknowledge(_ number: HDLCSequenceNumber) -> Int? {
        let count = number.distance(from: unacknowledged)
        guard count <= everSent else { return nil }
        segments.removeFirst(count)
        unacknowledged = number
        inFlight = max(inFlight - count, 0)
        everSent -= count
        return count
    }

    /// Whatever is not acknowledged was lost and is sent again.
    mutating func rewind() {
        inFlight = 0
    }

    /// The segments that may be sent now.
    mutating func nextWindow(_ window: Int) -> [Segment] {
        let end = min(window, segments.count)
        guard inFlight < end else { return [] }
        defer {
            inFlight = end
            everSent = max(everSent, end)
        }
        return (inFlight..<end).map { index in
            Segment(
                number: HDLCSequenceNumber(unacknowledged.value &+ UInt8(index)),
                information: segments[index].information,
                isSegmented: segments[index].isSegmented
            )
        }
    }
}
