// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import HTTPKit
import JSONText

/// A token in its parts (RFC 7515 §3.1); nothing of it is checked yet but its form and its algorithm.
struct SignedToken {
    /// The algorithm of the signature, one of those that are taken.
    let algorithm: TokenAlgorithm
    /// The key that it says it was signed with; nil when it does not say.
    let keyID: String?
    /// What it claims.
    let claims: JSONValue
    /// What was signed.
    let message: [UInt8]
    /// The signature.
    let signature: [UInt8]

    /// Takes a token apart.
    ///
    /// - Throws: `token-invalid` for what is none, and for an algorithm that is not taken.
    init(_ text: [UInt8], algorithms: Set<TokenAlgorithm>) throws(Problem) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, let header = Self.document(parts[0]), let claims = Self.document(parts[1]),
            let signature = OctetText.base64(String(decoding: parts[2], as: UTF8.self))
        else { throw .tokenInvalid("it is neither an API key nor a signed token, or it was damaged") }
        guard let algorithm = header["alg"]?.string.flatMap(TokenAlgorithm.init), algorithms.contains(algorithm)
        else { throw .tokenInvalid("its algorithm is not taken") }
        // Extensions that must be understood are not (RFC 7515 §4.1.11).
        guard header["crit"] == nil else { throw .tokenInvalid("it asks for an extension") }
        self.algorithm = algorithm
        self.claims = claims
        self.signature = signature
        keyID = header["kid"]?.string
        message = parts[0] + [UInt8(ascii: ".")] + parts[1]
    }

    private static func document(_ part: [UInt8]) -> JSONValue? {
        let octets = OctetText.base64(String(decoding: part, as: UTF8.self))
        guard let octets, let value = try? JSONReader.parse(octets), value.object != nil else { return nil }
        return value
    }
}
