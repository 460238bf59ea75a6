// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct GeneralSigningTests {
    @Test(arguments: Vector.load("cipher").filter { $0.name.hasPrefix("general-signing") })
    func bothFormsOfTheVectorsAreVerified(_ vector: Vector) throws {
        let apdu = try GeneralSigning(octets: vector.octets)
        let key = try EllipticCurvePublicKey(octets: vector.octets("public_key"))
        try apdu.verify(with: key)
        try key.verify(apdu.signature, of: vector.octets("signed_message"))
    }

    @Test(arguments: Vector.load("general").filter { $0.name.contains("signing-") })
    func messagesOfAnotherImplementationAreVerified(_ vector: Vector) throws {
        let key = try EllipticCurvePublicKey(octets: vector.octets("client_signing_public"))
        try GeneralSigning(octets: vector.octets).verify(with: key)
    }

    @Test(arguments: EllipticCurve.allCases, [false, true])
    func whatIsSignedIsVerifiedAndNothingElse(curve: EllipticCurve, includesContentLength: Bool) throws {
        let key = try EllipticCurvePrivateKey.generate(on: curve)
        let header = GeneralProtectionHeader(
            transactionID: [1],
            originatorSystemTitle: hex("4D4D4D0000BC614E"),
            recipientSystemTitle: hex("4D4D4D0000000001")
        )
        let apdu = try GeneralSigning.signing(
            hex("C001C1000100002B0100FF0200"),
            header: header,
            key: key,
            includesContentLength: includesContentLength
        )
        #expect(apdu.signature.count == 2 * curve.coordinateLength)
        try apdu.verify(with: key.publicKey)
        let octets = apdu.octets
        for index in stride(from: 0, to: octets.count, by: curve == .p384 ? 5 : 1) {
            var altered = octets
            altered[index] ^= 0x04
            guard let damaged = try? GeneralSigning(octets: altered) else { continue }
            #expect(throws: ProtectionError.signatureMismatch, "octet \(index)") {
                try damaged.verify(with: key.publicKey)
            }
        }
        let other = try EllipticCurvePrivateKey.generate(on: curve).publicKey
        #expect(throws: ProtectionError.signatureMismatch) { try apdu.verify(with: other) }
    }
}
