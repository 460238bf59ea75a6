// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// What one side of an HDLC link has received: the number that comes next, and segments that wait for the rest.
struct HDLCReceiver: Sendable {
    /// What an I frame comes to.
    enum Receipt: Hashable, Sendable {
        /// A part of a message.
        case segment
        /// A message.
        case message(HDLCInformationReassembler.Message)
        /// Not the next frame: one before was lost, or this one came twice. It is dropped.
        case outOfSequence
        /// The segments of a message do not end.
        case tooLong
    }

    /// How many segments in a row may bring nothing.
    private static let emptyLimit = 16

    private var reassembler: HDLCInformationReassembler
    private var empty = 0
    /// The number expected next, V(R).
    private(set) var expected = HDLCSequenceNumber.zero

    init(longest: Int) {
        reassembler = HDLCInformationReassembler(longest: longest)
    }

    /// Whether a message has begun whose rest is missing.
    var isOpen: Bool { reassembler.isOpen }

    /// Takes an I frame with its number.
    mutating func received(_ frame: HDLCFrame, number: HDLCSequenceNumber) -> Receipt {
        guard number == expected else { return .outOfSequence }
        expected = expected.next
        guard let message = try? reassembler.push(frame) else {
            guard frame.isSegmented, isOpen else { return .tooLong }
            empty = frame.information.isEmpty ? empty + 1 : 0
            return empty > Self.emptyLimit ? .tooLong : .segment
        }
        empty = 0
        return .message(message)
    }
}
