// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct EllipticCurveTests {
    @Test func vectorOfSignatureIsVerified() throws {
        let vector = try Vector.named("keyagree-c1-client-signature", "ecdsa")
        let publicKey = try EllipticCurvePublicKey(octets: vector.octets("public_key"))
        let key = try EllipticCurvePrivateKey(curve: .p256, secret: vector.secret("private_key"))
        #expect(key.publicKey == publicKey)
        let message = try vector.octets("message")
        let signature = try vector.octets
        try publicKey.verify(signature, of: message)
        try publicKey.verify(key.sign(message), of: message)
        for index in signature.indices {
            var altered = signature
            altered[index] ^= 1
            #expect(throws: ProtectionError.signatureMismatch) { try publicKey.verify(altered, of: message) }
        }
        for index in message.indices {
            var altered = message
            altered[index] ^= 1
            #expect(throws: ProtectionError.signatureMismatch) { try publicKey.verify(signature, of: altered) }
        }
        for wrong in [[], Array(signature.dropLast()), signature + [0], [UInt8](repeating: 0, count: 64)] {
            #expect(throws: ProtectionError.signatureMismatch) { try publicKey.verify(wrong, of: message) }
        }
    }

    /// RFC 6979, A.2.6: P-384 with SHA-384, message "sample".
    @Test func knownAnswerOfP384IsVerified() throws {
        let key = try EllipticCurvePrivateKey(
            curve: .p384,
            secret: Secret(
                hex(
                    "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D8"
                        + "96D5724E4C70A825F872C9EA60D2EDF5"
                )
            )
        )
        #expect(
            key.publicKey.octets
                == hex(
                    "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64"
                        + "DEF8F0EA9055866064A254515480BC138015D9B72D7D57244EA8EF9AC0C62189"
                        + "6708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720"
                )
        )
        let signature = hex(
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C"
                + "81A648152E44ACF96E36DD1E80FABE4699EF4AEB15F178CEA1FE40DB2603138F"
                + "130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8"
        )
        try key.publicKey.verify(signature, of: Array("sample".utf8))
    }

    @Test func vectorOfEphemeralAgreementIsReproduced() throws {
        let vector = try Vector.named("keyagree-c1-kdf", "kdf")
        let client = try EllipticCurvePrivateKey(curve: .p256, secret: vector.secret("client_ephemeral_private"))
        let server = try EllipticCurvePrivateKey(curve: .p256, secret: vector.secret("server_ephemeral_private"))
        #expect(try client.publicKey.octets == vector.octets("client_ephemeral_public"))
        #expect(try server.publicKey.octets == vector.octets("server_ephemeral_public"))
        let shared = try vector.secret("Z")
        #expect(try client.sharedSecret(with: server.publicKey) == shared)
        #expect(try server.sharedSecret(with: client.publicKey) == shared)
        try expectDerived(vector, shared)
    }

    @Test func vectorOfDerivationIsReproduced() throws {
        let vector = try Vector.named("kdf-suite1-gurux", "kdf")
        let own = try EllipticCurvePrivateKey(curve: .p256, secret: vector.secret("own_private"))
        // The vector prints 31 octets of the peer's key: the leading zero is left out.
        var peerOctets = try vector.octets("peer_private")
        peerOctets = [UInt8](repeating: 0, count: 32 - peerOctets.count) + peerOctets
        let peer = try EllipticCurvePrivateKey(curve: .p256, secret: Secret(peerOctets))
        let shared = try vector.secret("Z")
        #expect(try own.sharedSecret(with: peer.publicKey) == shared)
        #expect(try peer.sharedSecret(with: own.publicKey) == shared)
        try expectDerived(vector, shared)
    }

    private func expectDerived(_ vector: Vector, _ shared: Secret) throws {
        #expect(KeyDerivation.algorithmID(.p256) == hex("60857405080300"))
        let key = try KeyDerivation.derive(
            shared,
            curve: .p256,
            algorithmID: vector.octets("algorithm_id"),
            partyU: vector.octets("party_u"),
            partyV: vector.octets("party_v")
        )
        #expect(try key == Secret(vector.octets))
    }

    @Test func algorithmsAreNamedByCurvePurposeAndArc() {
        #expect(KeyDerivation.algorithmID(.p384) == hex("60857405080301"))
        #expect(KeyDerivation.algorithmID(.p256, purpose: .keyWrap) == hex("60857405080302"))
        #expect(KeyDerivation.algorithmID(.p384, purpose: .keyWrap, arc: .printed) == hex("60857406080303"))
    }

    @Test(arguments: Vector.load("general").filter { $0.params["key_id"] != nil })
    func keysAgreedByAnotherImplementationAreTheSame(_ vector: Vector) throws {
        let kind = try #require(TransferredKey(rawValue: UInt8(vector.number("key_id"))))
        for (own, peer) in [("client", "server"), ("server", "client")] {
            let agreement = EphemeralKeyAgreement(on: kind, ephemeral: try vector.key("\(own)_ephemeral_private"))
            let signingKey = try vector.key("\(own)_signing_private")
            let mine = try agreement.keyData(signedWith: signingKey)
            let published = try vector.octets("\(own)_key_data")
            #expect(mine.prefix(mine.count / 2) == published.prefix(mine.count / 2))
            let data = try vector.octets("\(peer)_key_data")
            let peerSigningKey = try EllipticCurvePublicKey(octets: vector.octets("\(peer)_signing_public"))
            func agreed(_ data: [UInt8]) throws -> Secret {
                try agreement.agreedKey(
                    keyData: data,
                    peerSigningKey: peerSigningKey,
                    clientSystemTitle: vector.octets("client_system_title"),
                    serverSystemTitle: vector.octets("server_system_title")
                )
            }
            #expect(try agreed(data) == Secret(vector.octets))
            // Each check takes a millisecond; these octets are in X, Y, r and s.
            for index in stride(from: 0, to: data.count, by: 15) {
                var altered = data
                altered[index] ^= 1
                #expect(throws: ProtectionError.signatureMismatch) { try agreed(altered) }
            }
            #expect(throws: ProtectionError.invalidKeyInformation) { try agreed(data + [0]) }
        }
    }

    @Test func keysThatDoNotFitTheCurveAreRefused() throws {
        let key = try EllipticCurvePrivateKey.generate(on: .p256)
        #expect(throws: ProtectionError.invalidPublicKey) {
            try key.sharedSecret(with: EllipticCurvePrivateKey.generate(on: .p384).publicKey)
        }
        var point = key.publicKey.octets
        point[63] ^= 1
        #expect(throws: ProtectionError.invalidPublicKey) { try EllipticCurvePublicKey(octets: point) }
        #expect(throws: ProtectionError.invalidPublicKey) { try EllipticCurvePublicKey(octets: []) }
        #expect(throws: ProtectionError.invalidPublicKey) {
            try EllipticCurvePublicKey(octets: [UInt8](repeating: 0, count: 64))
        }
        #expect(try EllipticCurvePublicKey(octets: [4] + key.publicKey.octets) == key.publicKey)
        let order = hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
        for octets in [order, [UInt8](repeating: 0, count: 32), [UInt8](repeating: 1, count: 31), []] {
            #expect(throws: ProtectionError.invalidPrivateKey) {
                try EllipticCurvePrivateKey(curve: .p256, secret: Secret(octets))
            }
        }
    }
}
