// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import JSONText

/// The public keys of an issuer by their identifiers (RFC 7517 §5).
struct TokenKeySet: Sendable {
    private struct Entry {
        let id: String?
        let algorithm: TokenAlgorithm?
        let key: TokenKey
    }

    private let entries: [Entry]

    /// How many keys there are.
    var count: Int { entries.count }

    /// Reads a set; nil for what is none.
    ///
    /// Keys of other kinds and for other uses are left out.
    init?(_ octets: [UInt8]) {
        guard let document = try? JSONReader.parse(octets), let keys = document["keys"]?.array else { return nil }
        entries = keys.prefix(100).compactMap { value in
            if let use = value["use"]?.string, use != "sig" { return nil }
            guard let key = Self.key(value) else { return nil }
            var algorithm: TokenAlgorithm?
            if let word = value["alg"]?.string {
                // A key for an algorithm that is not known here is for nothing else.
                guard let known = TokenAlgorithm(rawValue: word) else { return nil }
                algorithm = known
            }
            return Entry(id: value["kid"]?.string, algorithm: algorithm, key: key)
        }
    }

    private static func key(_ value: JSONValue) -> TokenKey? {
        func octets(_ name: String) -> [UInt8]? { value[name]?.string.flatMap(OctetText.base64) }
        switch value["kty"]?.string {
        case "RSA":
            guard let n = octets("n"), let e = octets("e") else { return nil }
            return TokenKey(rsaModulus: n, exponent: e)
        case "EC":
            guard let curve = value["crv"]?.string, let x = octets("x"), let y = octets("y") else { return nil }
            return TokenKey(curve: curve, x: x, y: y)
        case "OKP":
            guard value["crv"]?.string == "Ed25519", let x = octets("x") else { return nil }
            return TokenKey(ed25519: x)
        default: return nil
        }
    }

    /// Whether there is a key of that identifier; a token without one takes any.
    func contains(_ id: String?) -> Bool { entries.contains { id == nil || $0.id == id } }

    /// Whether one of the keys of that identifier made a signature.
    func isRight(_ signature: [UInt8], of message: [UInt8], by algorithm: TokenAlgorithm, keyID id: String?) -> Bool {
        entries.contains { entry in
            (id == nil || entry.id == id) && (entry.algorithm == nil || entry.algorithm == algorithm)
                && entry.key.isRight(signature, of: message, by: algorithm)
        }
    }
}
