// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct HighLevelProofTests {
    private static let exchange = ChallengeExchange(
        proverSystemTitle: hex("4D4D4D0000BC614E"),
        verifierSystemTitle: hex("4D4D4D0000000001"),
        challengeToProver: hex("503677524A323146"),
        challengeToVerifier: hex("4B35366956616759")
    )
    private static let secret = Secret(text: "SECRET_16_OCTETS")

    @Test(arguments: ["hls2-aes-ecb", "hls3-md5", "hls4-sha1"])
    func vectorsWithASecretAreReproduced(name: String) throws {
        let vector = try Vector.named(name, "hls")
        let secret = try vector.secret("secret")
        let proof: HighLevelProof =
            switch try vector.number("mechanism") {
            case 2: .aes(secret)
            case 3: .md5(secret)
            default: .sha1(secret)
            }
        var exchange = Self.exchange
        exchange.challengeToProver = try vector.octets("challenge")
        #expect(try proof.prove(exchange) == vector.octets)
        #expect(try proof.verify(vector.octets, of: exchange) == nil)
    }

    @Test func vectorOfGMACIsReproduced() throws {
        let vector = try Vector.named("hls5-gb-f-stoc", "hls")
        let proof = HighLevelProof.gmac(
            try MessageProtection(
                suite: .suite0,
                encryptionKey: vector.secret("encryption_key"),
                authenticationKey: vector.secret("authentication_key")
            )
        )
        var exchange = Self.exchange
        exchange.proverSystemTitle = try vector.octets("system_title")
        exchange.challengeToProver = try vector.octets("challenge")
        let counter = try vector.number("invocation_counter")
        #expect(try proof.prove(exchange, invocationCounter: counter) == vector.octets)
        #expect(try proof.verify(vector.octets, of: exchange) == counter)
    }

    @Test func vectorOfECDSAIsVerified() throws {
        let vector = try Vector.named("hls7-ecdsa-client", "hls")
        let peer = try EllipticCurvePublicKey(octets: vector.octets("public_key"))
        let exchange = ChallengeExchange(
            proverSystemTitle: try vector.octets("client_system_title"),
            verifierSystemTitle: try vector.octets("server_system_title"),
            challengeToProver: try vector.octets("StoC"),
            challengeToVerifier: try vector.octets("CtoS")
        )
        let proof = HighLevelProof.ecdsa(own: nil, peer: peer)
        #expect(try proof.verify(vector.octets, of: exchange) == nil)
        #expect(throws: ProtectionError.proofMismatch) { try proof.verify(vector.octets, of: exchange.reversed) }
        #expect(throws: ProtectionError.keyNotAvailable) { try proof.prove(exchange) }
    }

    /// Composed by hand: SHA-256 over secret, titles and challenges in the order of the standard.
    @Test func orderOfSHA256IsThatOfTheStandard() throws {
        let exchange = ChallengeExchange(
            proverSystemTitle: Array("CCCCCCCC".utf8),
            verifierSystemTitle: Array("SSSSSSSS".utf8),
            challengeToProver: Array("server-to-client".utf8),
            challengeToVerifier: Array("client-to-server".utf8)
        )
        let proof = HighLevelProof.sha256(Self.secret)
        #expect(try proof.prove(exchange) == hex("CC5DEA239AD4DF7AF1761ED70A6C3299077C0156FEE41D478129EA55E6212D85"))
        #expect(
            try proof.prove(exchange.reversed)
                == hex("A68775B60BA6116B328920A729BD0E7B3BD2A92FA4A5AB010367D7BA9EC31D35")
        )
    }

    @Test func longChallengesOfMechanism2ArePaddedToBlocks() throws {
        let proof = HighLevelProof.aes(Secret(text: "short"))
        var exchange = Self.exchange
        exchange.challengeToProver = Array("a challenge of 31 octets length".utf8)
        #expect(try proof.prove(exchange) == hex("E7CA39ECF3C48503EE0192554698CB10EAF72F6D8CFEC2652776CF87E94EE936"))
        // Of a longer secret the first 16 octets count.
        #expect(
            try HighLevelProof.aes(Secret(text: "SECRET_16_OCTETS and more")).prove(exchange)
                == HighLevelProof.aes(Self.secret).prove(exchange)
        )
    }

    @Test func proofsOfEveryMechanismConvinceAndAlteredOnesDoNot() throws {
        for proof in try mechanisms() {
            let made = try proof.prove(Self.exchange, invocationCounter: 77)
            let counter = try proof.verify(made, of: Self.exchange)
            #expect(counter == (proof.mechanism == 5 ? 77 : nil))
            for index in made.indices {
                var altered = made
                altered[index] ^= 0x10
                #expect(throws: ProtectionError.proofMismatch) { try proof.verify(altered, of: Self.exchange) }
            }
            for wrong in [[], Array(made.dropLast()), made + [0]] {
                #expect(throws: ProtectionError.proofMismatch) { try proof.verify(wrong, of: Self.exchange) }
            }
        }
    }

    /// Some meters leave the suite out of the security control of their proof.
    @Test func aProofThatDoesNotNameTheSuiteConvinces() throws {
        func proof(_ suite: SecuritySuite) throws -> HighLevelProof {
            .gmac(try MessageProtection(suite: suite, encryptionKey: Self.secret, authenticationKey: Self.secret))
        }
        let made = try proof(.suite0).prove(Self.exchange, invocationCounter: 5)
        #expect(made[0] == 0x10)
        #expect(try proof(.suite1).verify(made, of: Self.exchange) == 5)
        let named = try proof(.suite1).prove(Self.exchange, invocationCounter: 5)
        #expect(named[0] == 0x11)
        #expect(throws: ProtectionError.proofMismatch) { try proof(.suite0).verify(named, of: Self.exchange) }
    }

    @Test func aChallengeSentBackConvincesNobody() throws {
        var exchange = Self.exchange
        exchange.challengeToVerifier = exchange.challengeToProver
        for proof in try mechanisms() {
            let made = try proof.prove(exchange, invocationCounter: 77)
            #expect(throws: ProtectionError.proofMismatch) { try proof.verify(made, of: exchange.reversed) }
        }
    }

    @Test func aProofIsNoProofOfTheOtherSide() throws {
        for proof in try mechanisms() {
            let made = try proof.prove(Self.exchange, invocationCounter: 77)
            #expect(throws: ProtectionError.proofMismatch) { try proof.verify(made, of: Self.exchange.reversed) }
        }
    }

    private func mechanisms() throws -> [HighLevelProof] {
        let own = try EllipticCurvePrivateKey.generate(on: .p256)
        let keys = try MessageProtection(
            suite: .suite1,
            encryptionKey: Self.secret,
            authenticationKey: Self.secret
        )
        return [
            .aes(Self.secret), .md5(Self.secret), .sha1(Self.secret), .gmac(keys), .sha256(Self.secret),
            .ecdsa(own: own, peer: own.publicKey),
        ]
    }
}
