// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Whose proof is made or checked: system titles and challenges, seen from the side that proves itself.
///
/// In pass 3 the client proves itself: its challenge is the StoC. In pass 4 the server does: its challenge is the CtoS.
public struct ChallengeExchange: Hashable, Sendable {
    /// The system title of the side that proves itself; mechanisms 5, 6 and 7 need it.
    public var proverSystemTitle: [UInt8]
    /// The system title of the other side.
    public var verifierSystemTitle: [UInt8]
    /// The challenge that the prover was sent.
    public var challengeToProver: [UInt8]
    /// The challenge that the prover had sent.
    public var challengeToVerifier: [UInt8]

    /// Names the two sides.
    public init(
        proverSystemTitle: [UInt8],
        verifierSystemTitle: [UInt8],
        challengeToProver: [UInt8],
        challengeToVerifier: [UInt8]
    ) {
        self.proverSystemTitle = proverSystemTitle
        self.verifierSystemTitle = verifierSystemTitle
        self.challengeToProver = challengeToProver
        self.challengeToVerifier = challengeToVerifier
    }

    /// The same exchange for the proof of the other side.
    public var reversed: ChallengeExchange {
        ChallengeExchange(
            proverSystemTitle: verifierSystemTitle,
            verifierSystemTitle: proverSystemTitle,
            challengeToProver: challengeToVerifier,
            challengeToVerifier: challengeToProver
        )
    }

    /// What mechanisms 6 and 7 hash or sign: titles, then challenges, those of the prover first.
    var octets: [UInt8] { proverSystemTitle + verifierSystemTitle + challengeToProver + challengeToVerifier }
}
