// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import JSONText

extension SecurityConfiguration {
    /// Reads the JSON form and checks that every key has the length that the suite demands, and is there where the other
    /// members need it.
    init(
        _ value: JSONValue,
        at pointer: JSONPointer,
        secrets: SecretDecoding
    ) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let number: UInt8 = try members.optionalInteger("suite", in: 0...2) ?? 0
        let suite = Suite(rawValue: number) ?? .suite0
        func key(_ name: String) throws(JSONMemberError) -> Secret? {
            guard let key = try members.optionalSecret(name, secrets) else { return nil }
            guard key.count == suite.keyLengthInOctets else {
                throw members.fault(name, "\(suite.keyLengthInOctets) octets in suite \(number), not \(key.count)")
            }
            return key
        }
        guard let blockCipherKey = try key("blockCipherKey") else {
            throw JSONMemberError(.missingMember(name: "blockCipherKey"), at: pointer)
        }
        self.init(
            suite: suite,
            protection: try members.optionalProtection("protection") ?? [.authenticated, .encrypted],
            ciphering: try members.optionalChoice("ciphering") ?? .global,
            clientSystemTitle: try members.optionalSystemTitle("clientSystemTitle"),
            blockCipherKey: blockCipherKey,
            authenticationKey: try key("authenticationKey"),
            invocationCounterObject: try members.optionalOBISCode("invocationCounterObject")
        )
        keySet = try members.optionalChoice("keySet") ?? .unicast
        contentKey = try members.optionalChoice("contentKey") ?? .identified
        broadcastKey = try key("broadcastKey")
        masterKey = try key("masterKey")
        signingKey = try members.optionalPrivateKey("signingKey", suite, secrets)
        serverSigningKey = try members.optionalPublicKey("serverSigningKey", suite)
        agreementKey = try members.optionalPrivateKey("agreementKey", suite, secrets)
        serverAgreementKey = try members.optionalPublicKey("serverAgreementKey", suite)
        clientCertificate = try members.optionalCertificate("clientCertificate")
        try members.finish()
        try checkKeys(members)
    }

    /// Checks that the keys are there that the other members need.
    private func checkKeys(_ members: JSONMembers) throws(JSONMemberError) {
        if protection.contains(.authenticated), authenticationKey == nil {
            throw members.fault("authenticationKey", "present when messages are authenticated")
        }
        if protection.contains(.signed) {
            guard signingKey != nil else { throw members.fault("signingKey", "present when messages are signed") }
            guard serverSigningKey != nil else {
                throw members.fault("serverSigningKey", "present when messages are signed")
            }
        }
        if keySet == .broadcast {
            guard broadcastKey != nil else { throw members.fault("broadcastKey", "present for keySet broadcast") }
            // Green Book, security control: the bit must be 0 for dedicated keys and general-ciphering.
            guard ciphering == .global || ciphering == .generalGlobal else {
                throw members.fault("keySet", "unicast for ciphering \(ciphering.rawValue)")
            }
        }
        switch contentKey {
        case .identified: break
        case .wrapped, .agreedOnePass, .agreedStatic:
            guard ciphering == .general else {
                throw members.fault("contentKey", "identified or absent for ciphering \(ciphering.rawValue)")
            }
        }
        switch contentKey {
        case .identified: break
        case .wrapped:
            guard masterKey != nil else { throw members.fault("masterKey", "present for contentKey wrapped") }
        case .agreedOnePass, .agreedStatic:
            guard serverAgreementKey != nil else {
                throw members.fault("serverAgreementKey", "present for contentKey \(contentKey.rawValue)")
            }
            guard agreementKey != nil else {
                throw members.fault("agreementKey", "present for contentKey \(contentKey.rawValue)")
            }
            // The ephemeral key is signed, so that the meter knows whose it is.
            guard contentKey == .agreedStatic || signingKey != nil && serverSigningKey != nil else {
                throw members.fault("signingKey", "present with serverSigningKey for contentKey agreed-one-pass")
            }
        }
    }
}

extension JSONMembers {
    fileprivate mutating func optionalProtection(
        _ name: String
    ) throws(JSONMemberError) -> SecurityConfiguration.Protection? {
        guard let words = try optionalStrings(name) else { return nil }
        var protection: SecurityConfiguration.Protection = []
        for (index, word) in words.enumerated() {
            guard let member = SecurityConfiguration.Protection(word: word) else {
                let known = SecurityConfiguration.Protection.allWords
                throw JSONMemberError(
                    .invalid(
                        expected: "one of \(known.joined(separator: ", "))",
                        suggestion: nearest(word, in: known)
                    ),
                    at: pointer.appending(name).appending(index)
                )
            }
            protection.insert(member)
        }
        return protection
    }

    fileprivate mutating func optionalSystemTitle(_ name: String) throws(JSONMemberError) -> SystemTitle? {
        guard let text = try optionalString(name) else { return nil }
        guard let title = OctetText.hexadecimal(text).flatMap({ SystemTitle($0) }) else {
            throw fault(name, "16 hexadecimal digits")
        }
        return title
    }

    fileprivate mutating func optionalOBISCode(_ name: String) throws(JSONMemberError) -> OBISCode? {
        guard let text = try optionalString(name) else { return nil }
        guard let code = OBISCode(text) else { throw fault(name, "an OBIS code such as 0.0.43.1.0.255") }
        return code
    }

    fileprivate mutating func optionalPrivateKey(
        _ name: String,
        _ suite: SecurityConfiguration.Suite,
        _ secrets: SecretDecoding
    ) throws(JSONMemberError) -> Secret? {
        guard let key = try optionalSecret(name, secrets) else { return nil }
        guard let curve = suite.curve else { throw fault(name, "absent in suite 0, which has no signatures") }
        guard key.count == curve.coordinateLength else {
            throw fault(name, "\(curve.coordinateLength) octets in suite \(suite.rawValue), not \(key.count)")
        }
        guard (try? EllipticCurvePrivateKey(curve: curve, secret: key)) != nil else {
            throw fault(name, "a private key of the curve of suite \(suite.rawValue)")
        }
        return key
    }

    fileprivate mutating func optionalPublicKey(
        _ name: String,
        _ suite: SecurityConfiguration.Suite
    ) throws(JSONMemberError) -> PublicKeyConfiguration? {
        guard let text = try optionalString(name) else { return nil }
        guard let curve = suite.curve else { throw fault(name, "absent in suite 0, which has no signatures") }
        guard let key = OctetText.hexadecimal(text).flatMap({ PublicKeyConfiguration($0) }), key.key.curve == curve
        else {
            throw fault(
                name,
                "hexadecimal digits of X and Y, \(2 * curve.coordinateLength) octets in suite \(suite.rawValue), "
                    + "or of a certificate in DER"
            )
        }
        return key
    }

    fileprivate mutating func optionalCertificate(_ name: String) throws(JSONMemberError) -> [UInt8]? {
        guard let text = try optionalString(name) else { return nil }
        guard let octets = OctetText.hexadecimal(text), (try? Certificate(der: octets)) != nil else {
            throw fault(name, "hexadecimal digits of a certificate in DER")
        }
        return octets
    }
}
