// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The protected content inside of decoded octets, with what is needed to open it.
struct ProtectedPart {
    /// Security control, invocation counter, payload.
    var content: [UInt8]
    /// The system title of the sender; nil when the octets do not tell it.
    var systemTitle: [UInt8]?
    /// What the tag may cover in addition; the form that the standard prefers first.
    var headers: [[UInt8]] = [[]]

    /// Finds the protected content; nil when there is none.
    static func find(in value: Decoded.Value) -> ProtectedPart? {
        switch value {
        case .apdu(let apdu): find(in: apdu)
        case .wrapper(let frame): find(in: frame.payload)
        // APDUs that HDLC frames carry are looked at one by one.
        case .data, .dateTime, .hdlc, .text: nil
        }
    }

    private static func find(in octets: [UInt8]?, systemTitle: [UInt8]? = nil) -> ProtectedPart? {
        guard let octets, let apdu = try? APDU(octets: octets), var part = find(in: apdu) else { return nil }
        part.systemTitle = part.systemTitle ?? systemTitle
        return part
    }

    private static func find(in apdu: APDU) -> ProtectedPart? {
        switch apdu {
        case .ciphered(let apdu): ProtectedPart(content: apdu.content)
        case .generalKeyCiphering(let apdu):
            ProtectedPart(content: apdu.content, systemTitle: apdu.systemTitle.isEmpty ? nil : apdu.systemTitle)
        case .generalCiphering(let apdu):
            ProtectedPart(
                content: apdu.content,
                systemTitle: apdu.header.originatorSystemTitle.isEmpty ? nil : apdu.header.originatorSystemTitle,
                headers: [apdu.header.octets, []]
            )
        case .generalSigning(let apdu): find(in: apdu.content)
        case .gateway(let prefix): find(in: prefix.apdu)
        case .aarq(let apdu): find(in: apdu.userInformation, systemTitle: apdu.callingAPTitle)
        case .aare(let apdu): find(in: apdu.userInformation, systemTitle: apdu.respondingAPTitle)
        case .rlrq(let apdu): find(in: apdu.userInformation)
        case .rlre(let apdu): find(in: apdu.userInformation)
        default: nil
        }
    }

    /// Takes the protection off.
    ///
    /// - Throws: a problem that says what is missing or wrong, without any key.
    func opened(with keys: DecipheringKeys) throws(DecodeProblem) -> UnprotectedMessage {
        guard let number = content.first.map({ SecurityControl(rawValue: $0).suite }) else {
            throw DecodeProblem(deciphering: .tooShort(0))
        }
        guard let systemTitle = systemTitle ?? keys.systemTitle else {
            throw DecodeProblem(
                title: "System title needed",
                detail: "The octets do not tell the system title of the sender.",
                hint: "Give the system title of the sender along with the keys."
            )
        }
        guard let suite = SecuritySuite(rawValue: number) else {
            throw DecodeProblem(deciphering: .unknownSuite(number))
        }
        var problem = ProtectionError.tagMismatch
        for header in headers {
            do {
                return try MessageProtection(
                    suite: suite,
                    encryptionKey: keys.blockCipherKey,
                    authenticationKey: keys.authenticationKey
                ).unprotect(content, systemTitle: systemTitle, header: header, allowsUnverified: true)
            } catch {
                problem = error
            }
        }
        throw DecodeProblem(deciphering: problem)
    }
}

extension DecodeProblem {
    /// Says why protection could not be taken off.
    fileprivate init(deciphering error: ProtectionError) {
        self.init(
            title: "Not deciphered",
            detail: error.description,
            hint: error == .tagMismatch
                ? "Check keys and system title; without the authentication key the octets are shown unverified." : nil
        )
    }
}
