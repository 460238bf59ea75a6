// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct GeneralCipheringTests {
    private static let counter: UInt32 = 0x0A0B_0C0D

    @Test(arguments: [("general-ciphering-identified", true), ("general-ciphering-identified-altaad", false)])
    func bothFormsOfAssociatedDataAreReproduced(name: String, authenticatesHeader: Bool) throws {
        let vector = try Vector.named(name, "cipher")
        let apdu = try GeneralCiphering(octets: vector.octets)
        let keys = try vector.protection.keys
        let sealed = try GeneralCiphering.sealing(
            vector.octets("plaintext"),
            header: apdu.header,
            key: .identified(keys),
            invocationCounter: vector.number("invocation_counter"),
            authenticatesHeader: authenticatesHeader
        )
        #expect(try sealed.octets == vector.octets)
        let ring = try ContentKeyRing(
            suite: .suite0,
            unicastKey: vector.secret("encryption_key"),
            authenticationKey: vector.secret("authentication_key")
        )
        let opened = try apdu.opening(with: ring, authenticatesHeader: authenticatesHeader)
        #expect(try opened.apdu == vector.octets("plaintext"))
        #expect(opened.isVerified)
        #expect(throws: ProtectionError.tagMismatch) {
            try apdu.opening(with: ring, authenticatesHeader: !authenticatesHeader)
        }
    }

    /// The standard's example of C(1e,1s): its ciphertext and signature are right, its printed tag fits no known
    /// associated data.
    @Test func exampleOfTheStandardIsRightButForItsTag() throws {
        let vector = try Vector.named("general-ciphering-c2-request", "cipher")
        let apdu = try GeneralCiphering(octets: vector.octets)
        guard case .agreed([1], let data) = apdu.keyInformation else { throw Vector.Missing(name: "agreed key") }
        let signing = try Vector.named("keyagree-c1-client-signature", "ecdsa")
        try EllipticCurvePublicKey(octets: signing.octets("public_key"))
            .verify(Array(data.dropFirst(64)), of: Array(data.prefix(64)))

        let title = try vector.octets("system_title")
        let decrypting = try MessageProtection(
            suite: .suite1,
            encryptionKey: vector.secret("encryption_key"),
            authenticationKey: nil
        )
        let opened = try decrypting.unprotect(apdu.content, systemTitle: title, allowsUnverified: true)
        #expect(try opened.apdu == vector.octets("plaintext"))
        #expect(!opened.isVerified)

        let checking = try vector.protection.keys
        for header in [[], apdu.header.octets] {
            #expect(throws: ProtectionError.tagMismatch) {
                try checking.unprotect(apdu.content, systemTitle: title, header: header)
            }
        }
        let sealed = try checking.protect(
            vector.octets("plaintext"),
            control: SecurityControl(rawValue: 0x31),
            systemTitle: title,
            invocationCounter: 0
        )
        #expect(sealed.dropLast(12) == apdu.content.dropLast(12))
    }

    @Test(arguments: Vector.load("general").filter { $0.params["header_authenticated"] != nil })
    func messagesOfAnotherImplementationAreOpened(_ vector: Vector) throws {
        let authenticatesHeader = try vector.flag("header_authenticated")
        let apdu = try GeneralCiphering(octets: vector.octets)
        let opened = try apdu.opening(
            with: vector.serverKeys(),
            authenticatesHeader: authenticatesHeader
        )
        #expect(try opened.apdu == vector.octets("plaintext"))
        #expect(opened.isVerified)
        #expect(throws: ProtectionError.tagMismatch) {
            try apdu.opening(with: vector.serverKeys(), authenticatesHeader: !authenticatesHeader)
        }
    }

    @Test(arguments: [1, 2])
    func everyKindOfKeyOpensAgain(suite: UInt8) throws {
        for (key, apdu) in try sealed(suite) {
            let vector = try vector(suite)
            let opened = try apdu.opening(with: vector.serverKeys())
            #expect(try opened.apdu == vector.octets("plaintext"))
            #expect(opened.invocationCounter == Self.counter)
            #expect(opened.isVerified)
            #expect(try GeneralCiphering(octets: apdu.octets).keyInformation == key.information)
        }
    }

    @Test(arguments: [1, 2])
    func eachAlteredOctetIsRefused(suite: UInt8) throws {
        let ring = try vector(suite).serverKeys()
        for (_, apdu) in try sealed(suite) {
            let octets = apdu.octets
            // Signatures of suite 2 take milliseconds: every fifth octet is enough there.
            for index in stride(from: 0, to: octets.count, by: suite == 2 ? 5 : 1) {
                var altered = octets
                altered[index] ^= 0x02
                guard let damaged = try? GeneralCiphering(octets: altered) else { continue }
                #expect(throws: ProtectionError.self, "octet \(index)") { try damaged.opening(with: ring) }
            }
        }
    }

    @Test func keysThatAreNotAtHandAreNamedAsSuch() throws {
        let ring = try ContentKeyRing(suite: .suite1, authenticationKey: nil)
        for (_, apdu) in try sealed(1) {
            #expect(throws: ProtectionError.keyNotAvailable) {
                try apdu.opening(with: ring, allowsUnverified: true)
            }
        }
        let unknown: [KeyInformation] = [
            .identified(keyID: 2), .wrapped(wrappingKeyID: 1, keyCipheredData: []),
            .agreed(parameters: [3], keyCipheredData: []), .agreed(parameters: [], keyCipheredData: []),
        ]
        let header = GeneralProtectionHeader(transactionID: [], originatorSystemTitle: [], recipientSystemTitle: [])
        for information in unknown {
            #expect(throws: ProtectionError.invalidKeyInformation) {
                try ring.contentKey(for: information, header: header)
            }
        }
        let keys = try vector(1).serverKeys()
        for data in [[], [UInt8](repeating: 1, count: 127), [UInt8](repeating: 1, count: 129)] {
            #expect(throws: ProtectionError.invalidKeyInformation) {
                try keys.contentKey(for: .agreed(parameters: [1], keyCipheredData: data), header: header)
            }
        }
        #expect(throws: ProtectionError.signatureMismatch) {
            try keys.contentKey(
                for: .agreed(parameters: [1], keyCipheredData: [UInt8](repeating: 1, count: 128)),
                header: header
            )
        }
    }

    @Test func bothNamesOfTheAlgorithmAgreeOnlyWithThemselves() throws {
        let vector = try vector(1)
        let header = try vector.header()
        let key = try ContentKey.agreedStatic(
            own: vector.key("client_agreement_private"),
            peer: EllipticCurvePublicKey(octets: vector.octets("server_agreement_public")),
            header: header,
            authenticationKey: vector.secret("authentication_key"),
            arc: .printed
        )
        let apdu = try GeneralCiphering.sealing([1], header: header, key: key, invocationCounter: 1)
        #expect(throws: ProtectionError.tagMismatch) { try apdu.opening(with: vector.serverKeys()) }
        #expect(try apdu.opening(with: vector.serverKeys(arc: .printed)).apdu == [1])
    }

    private func vector(_ suite: UInt8) throws -> Vector {
        try .named("suite\(suite)-static-with-header", "general")
    }

    /// One message for each kind of key.
    private func sealed(_ suite: UInt8) throws -> [(ContentKey, GeneralCiphering)] {
        let vector = try vector(suite)
        let header = try vector.header()
        let authenticationKey = try vector.secret("authentication_key")
        let own = try vector.key("client_agreement_private")
        let recipientKey = try EllipticCurvePublicKey(octets: vector.octets("server_agreement_public"))
        func global(_ name: String) throws -> MessageProtection {
            try MessageProtection(
                suite: own.curve.suite,
                encryptionKey: vector.secret(name),
                authenticationKey: authenticationKey
            )
        }
        let keys: [ContentKey] = [
            .identified(try global("encryption_key")),
            .identified(try global("broadcast_key"), isBroadcast: true),
            try .wrapped(
                Secret([UInt8](repeating: 0x5A, count: own.curve.suite.keyLength)),
                masterKey: vector.secret("master_key"),
                suite: own.curve.suite,
                authenticationKey: authenticationKey
            ),
            try .agreedOnePass(
                ephemeral: .generate(on: own.curve),
                signingKey: vector.key("client_signing_private"),
                recipientKey: recipientKey,
                header: header,
                authenticationKey: authenticationKey
            ),
            try .agreedStatic(own: own, peer: recipientKey, header: header, authenticationKey: authenticationKey),
        ]
        return try keys.map { key in
            let apdu = try GeneralCiphering.sealing(
                vector.octets("plaintext"),
                header: header,
                key: key,
                invocationCounter: Self.counter
            )
            return (key, apdu)
        }
    }
}

extension Vector {
    /// The header of a message from client to server.
    func header() throws -> GeneralProtectionHeader {
        GeneralProtectionHeader(
            transactionID: [9, 8, 7],
            originatorSystemTitle: try octets("client_system_title"),
            recipientSystemTitle: try octets("server_system_title"),
            dateTime: [1, 2],
            otherInformation: [3]
        )
    }

    /// A private key of the vector's suite.
    func key(_ name: String) throws -> EllipticCurvePrivateKey {
        let secret = try secret(name)
        return try EllipticCurvePrivateKey(curve: secret.count == 32 ? .p256 : .p384, secret: secret)
    }

    /// All that the server of the vector has.
    func serverKeys(arc: KeyDerivation.AlgorithmArc = .standard) throws -> ContentKeyRing {
        try ContentKeyRing(
            suite: key("server_agreement_private").curve.suite,
            unicastKey: secret("encryption_key"),
            broadcastKey: secret("broadcast_key"),
            authenticationKey: secret("authentication_key"),
            masterKey: secret("master_key"),
            agreementKey: key("server_agreement_private"),
            originatorAgreementKey: EllipticCurvePublicKey(octets: octets("client_agreement_public")),
            originatorSigningKey: EllipticCurvePublicKey(octets: octets("client_signing_public")),
            arc: arc
        )
    }
}
