// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// A high level authentication in progress: both challenges are known, the proof of the client is awaited.
struct ServerChallenge: Sendable {
    let proof: HighLevelProof
    /// Titles and challenges, with the client as the prover.
    let exchange: ChallengeExchange
    /// The last counter of the client before the message that carries its proof.
    var counterFloor: UInt32?
    /// Whether the proof was wrong.
    private(set) var isFailed = false

    init(_ proof: HighLevelProof, _ exchange: ChallengeExchange) {
        self.proof = proof
        self.exchange = exchange
    }

    /// Takes the proof of the client (pass 3).
    ///
    /// - Returns: the proof of the server (pass 4); nil when the client's is wrong, or no counter is left.
    mutating func answer(_ octets: [UInt8], _ protection: ServerProtection?) -> [UInt8]? {
        isFailed = true
        do {
            let counter = try proof.verify(octets, of: exchange)
            guard let counter else {
                isFailed = false
                return try proof.prove(exchange.reversed)
            }
            guard let protection, protection.accept(proof: counter, above: counterFloor),
                let own = protection.nextCounter()
            else { return nil }
            isFailed = false
            return try proof.prove(exchange.reversed, invocationCounter: own)
        } catch {
            isFailed = true
            return nil
        }
    }
}
