// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// An association of a server with the general block transfer below it.
struct ServedAssociation: Sendable {
    var association: ServerAssociation
    private var blocks: GeneralBlockTransferLayer

    init(_ association: ServerAssociation, _ settings: GeneralBlockTransferSettings) {
        self.association = association
        blocks = GeneralBlockTransferLayer(.server, settings, limit: 1 << 20)
    }

    /// Takes an APDU or a general block; returns what to send, and what was served if a request was complete.
    mutating func received(
        _ apdu: [UInt8],
        _ objects: any ObjectServer
    ) -> (replies: [[UInt8]], kind: ServedRequest?) {
        guard apdu[0] == 0xE0, association.usesGeneralBlocks else {
            let answer = association.received(apdu, objects)
            guard let octets = answer.apdu else { return ([], answer.kind) }
            return (inPlain(octets), answer.kind)
        }
        let output = blocks.received(apdu)
        if output.fault != nil {
            blocks.reset()
            return (output.send, .exception)
        }
        guard let whole = output.apdu, !whole.isEmpty else { return (output.send, nil) }
        let answer = association.received(whole, objects, inBlocks: true)
        guard let octets = answer.apdu else { return (output.send, answer.kind) }
        return (output.send + blocks.answer(octets, blockLength: blockLength), answer.kind)
    }

    /// A message that answers nothing: in one piece, or in a stream of blocks that nobody acknowledges.
    mutating func notify(_ message: UnsolicitedMessage) -> [[UInt8]] {
        guard let apdu = association.notification(message), let limit = association.sendLimit else { return [] }
        guard apdu.count > limit else { return [apdu] }
        guard association.usesGeneralBlocks else { return [] }
        return GeneralBlockTransferLayer.unacknowledgedStream(apdu, blockLength: blockLength)
    }

    private mutating func inPlain(_ apdu: [UInt8]) -> [[UInt8]] {
        guard let limit = association.sendLimit, apdu.count > limit, association.usesGeneralBlocks else {
            return [apdu]
        }
        return blocks.answerPlain(apdu, blockLength: blockLength)
    }

    private var blockLength: Int {
        min(association.sendLimit ?? 0, WrapperFrame.longestPayload) - GeneralBlockTransferLayer.overhead
    }
}
