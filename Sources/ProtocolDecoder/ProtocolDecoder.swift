// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import JSONText

/// Explains octets of the protocol as JSON.
public struct ProtocolDecoder: Sendable {
    /// One JSON object: what was decoded, or why not.
    public struct Answer: Hashable, Sendable {
        /// Whether the octets could not be decoded.
        public let isProblem: Bool
        /// The JSON text, UTF-8, without a line end.
        public let json: [UInt8]
    }

    private let keys: DecipheringKeys?

    /// Makes a decoder.
    ///
    /// - Parameter keys: keys for looking into ciphered APDUs.
    public init(keys: DecipheringKeys? = nil) {
        self.keys = keys
    }

    /// Decodes octets given as hexadecimal text.
    ///
    /// The answer is `{"layer","decoded","reencoded"}`, with `trailing` when octets are left over, or
    /// `{"problem":{"title","detail","offset","hint"}}`. HDLC frames bring `messages`: the APDUs inside of them, put
    /// together. Several frames or text messages make `decoded` a list. With keys, an answer or message with a ciphered
    /// APDU has also `plaintext`, `plaintext_decoded` and `verified`, which is false when no tag was checked.
    /// - Parameters:
    ///   - layer: what the octets are taken for.
    ///   - text: hexadecimal digits of either case; white space, colons, commas and hyphens may stand between octets.
    public func decode(layer: DecodeLayer, hexadecimal text: some StringProtocol) -> Answer {
        do {
            return try answer(layer: layer, octets: try HexadecimalInput.octets(of: text))
        } catch {
            return Self.answer(to: error)
        }
    }

    private func answer(layer: DecodeLayer, octets: [UInt8]) throws(DecodeProblem) -> Answer {
        let found = layer == .auto ? try Recognition.recognise(octets) : try Decoded(layer: layer, octets: octets)
        var tree = TreeWriter(reservingCapacity: octets.count * 8 + 256)
        tree.json.beginObject()
        tree.json.member("layer", found.layer.rawValue)
        tree.json.name("decoded")
        tree.write(found.value)
        tree.octets("reencoded", found.reencoded)
        tree.messages(found.messages, keys)
        if found.trailing > 0 { tree.octets("trailing", octets.suffix(found.trailing)) }
        if let keys, let part = ProtectedPart.find(in: found.value) {
            try tree.plaintext(of: part.opened(with: keys))
        }
        tree.json.endObject()
        return Answer(isProblem: false, json: tree.json.octets)
    }

    private static func answer(to problem: DecodeProblem) -> Answer {
        var tree = TreeWriter(reservingCapacity: 256)
        tree.object { $0.problem(problem) }
        return Answer(isProblem: true, json: tree.json.octets)
    }
}
