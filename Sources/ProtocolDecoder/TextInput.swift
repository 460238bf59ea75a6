// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Messages of the text protocol one behind the other.
struct TextInput {
    /// The messages, at least one.
    private(set) var messages: [TextMessage] = []
    /// How the octets carry the characters.
    let parity: TextParity
    /// How many octets follow that are no message.
    private(set) var trailing = 0

    /// Takes octets apart until something else follows.
    ///
    /// - Throws: `DecodeError` when the first is no message.
    init(octets: [UInt8]) throws(DecodeError) {
        let (characters, parity) = TextParity.characters(of: octets)
        self.parity = parity
        var reader = OctetReader(characters)
        repeat {
            var ahead = reader
            do {
                messages.append(try TextMessage(decoding: &ahead))
            } catch {
                guard !messages.isEmpty else { throw error }
                break
            }
            reader = ahead
        } while !reader.isAtEnd
        trailing = reader.remaining
    }

    /// The encoding of the messages.
    var octets: [UInt8] { parity.octets(of: messages.flatMap(\.octets)) }

    /// Whether there is more than an agreement or refusal of one character, which proves nothing.
    var isConvincing: Bool {
        messages.contains { $0 != .acknowledge && $0 != .negativeAcknowledge }
    }
}
