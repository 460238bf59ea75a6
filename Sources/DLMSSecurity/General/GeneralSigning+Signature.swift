// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

extension GeneralSigning {
    /// Signs an APDU.
    ///
    /// Signed are the five fields of the header with their lengths, and the content.
    /// - Parameters:
    ///   - content: the complete APDU with its tag, plain or ciphered.
    ///   - header: who sends it to whom.
    ///   - key: the signing key of the sender.
    ///   - includesContentLength: whether the length octets of the content are signed too; sources disagree.
    /// - Throws: ``ProtectionError/cryptographyUnavailable``.
    public static func signing(
        _ content: [UInt8],
        header: GeneralProtectionHeader,
        key: EllipticCurvePrivateKey,
        includesContentLength: Bool = false
    ) throws(ProtectionError) -> GeneralSigning {
        var signed = GeneralSigning(header: header, content: content, signature: [])
        signed.signature = try key.sign(signed.signedOctets(includesContentLength: includesContentLength))
        return signed
    }

    /// Checks the signature, with and without the length octets of the content.
    ///
    /// - Throws: ``ProtectionError/signatureMismatch``, ``ProtectionError/cryptographyUnavailable``.
    public func verify(with key: EllipticCurvePublicKey) throws(ProtectionError) {
        do {
            try key.verify(signature, of: signedOctets(includesContentLength: false))
        } catch .signatureMismatch {
            try key.verify(signature, of: signedOctets(includesContentLength: true))
        }
    }

    private func signedOctets(includesContentLength: Bool) -> [UInt8] {
        var writer = OctetWriter(reservingCapacity: content.count + 64)
        header.encode(into: &writer)
        if includesContentLength {
            writer.writeOctetString(content)
        } else {
            writer.write(contentsOf: content)
        }
        return writer.octets
    }
}
