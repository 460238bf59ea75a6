// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import Testing

@Suite struct SecuritySetupTests {
    private static let masterKey = Secret(hex("000102030405060708090A0B0C0D0E0F"))

    /// The same key and wrapping key as in RFC 3394, 4.1.
    @Test func transferredKeysAreWrappedAndListed() throws {
        let key = Secret(hex("00112233445566778899AABBCCDDEEFF"))
        let list = try KeyDataList(wrapping: [(.globalUnicast, key)], with: Self.masterKey)
        #expect(list.data.octets == hex("0101020216000918 1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"))
        #expect(try KeyDataList(list.data) == list)
        #expect(try list.unwrapped(with: Self.masterKey) == [.globalUnicast: key])
        #expect(throws: ProtectionError.keyUnwrapFailed) { try list.unwrapped(with: key) }
    }

    @Test func otherShapesOfKeyDataAreRefused() {
        let entry = DLMSData.structure([.enumeration(0), .octetString([1])])
        let wrong: [DLMSData] = [
            .nullData, .array([]), .array([.nullData]), entry, .array([entry, entry]),
            .array([.structure([.enumeration(4), .octetString([])])]),
            .array([.structure([.unsigned(0), .octetString([])])]),
            .array([.structure([.enumeration(0)])]),
        ]
        for data in wrong {
            #expect(throws: ProtectionError.invalidKeyInformation) { try KeyDataList(data) }
        }
    }

    @Test func certificatesAreNamedInBothWays() {
        let byOwner = CertificateIdentification.entity(.server, .keyAgreement, systemTitle: hex("4D4D4D0000BC614E"))
        #expect(byOwner.data.octets == hex("0202160002031600160109084D4D4D0000BC614E"))
        let byNumber = CertificateIdentification.serial(serialNumber: [1, 2], issuer: [0x30, 0])
        #expect(byNumber.data.octets == hex("02021601020209020102090230 00"))
        for identification in [byOwner, byNumber] {
            #expect(CertificateIdentification(identification.data) == identification)
        }
        #expect(CertificateIdentification(.structure([.enumeration(2), .structure([])])) == nil)
        #expect(CertificateIdentification(.structure([.enumeration(0), .structure([])])) == nil)
        #expect(CertificateIdentification(.nullData) == nil)
    }

    @Test func certificatesAreDescribedAsTheMeterListsThem() throws {
        let key = try EllipticCurvePrivateKey.generate(on: .p256)
        let authority = try CertificateAuthority(name: "Root", key: key, validity: 0...4_000_000_000)
        let info = CertificateInfo(entity: .authority, type: .digitalSignature, certificate: authority.certificate)
        #expect(info.serialNumber == [1])
        #expect(info.issuer == hex("300F310D300B06035504030C04526F6F74"))
        #expect(CertificateInfo(info.data) == info)
        guard case .structure(let members) = info.data else { return }
        #expect(CertificateInfo(.structure(Array(members.dropLast())))?.subject == info.subject)
        #expect(CertificateInfo(.structure(Array(members.dropLast(2)))) == nil)
        #expect(CertificateInfo(.nullData) == nil)
    }
}
