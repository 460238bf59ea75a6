// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity
import JSONText

extension AssociationConfiguration {
    /// Reads the JSON form and checks that mechanism, secret and security block fit each other.
    init(
        _ value: JSONValue,
        at pointer: JSONPointer,
        framing: Framing,
        secrets: SecretDecoding
    ) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        // IEC 62056-46: a client's HDLC address has one octet of 7 bits.
        let limit: UInt16 = framing == .hdlc || framing == .hdlcModeE ? 0x7F : .max
        clientAddress = try members.optionalInteger("clientAddress", in: 1...limit) ?? 16
        if let value = members.optionalValue("authentication"), !value.isNull {
            authentication = try Authentication(value, at: pointer.appending("authentication"), secrets: secrets)
        } else {
            authentication = .none
        }
        if let value = members.optionalValue("security"), !value.isNull {
            security = try SecurityConfiguration(value, at: pointer.appending("security"), secrets: secrets)
        } else {
            security = nil
        }
        try members.finish()
        switch authentication.mechanism {
        case .gmac where security?.authenticationKey == nil:
            throw members.fault("security", "present with blockCipherKey and authenticationKey for mechanism gmac")
        case .ecdsa where security == nil:
            throw members.fault("security", "present for mechanism ecdsa")
        case .none, .low, .high, .md5, .sha1, .gmac, .sha256, .ecdsa:
            break
        }
    }
}

extension AssociationConfiguration.Authentication {
    fileprivate init(
        _ value: JSONValue,
        at pointer: JSONPointer,
        secrets: SecretDecoding
    ) throws(JSONMemberError) {
        var members = try JSONMembers(value, at: pointer)
        let mechanism: AssociationConfiguration.Mechanism = try members.requiredChoice("mechanism")
        let secret = try members.optionalSecret("secret", secrets)
        try members.finish()
        func required() throws(JSONMemberError) -> Secret {
            guard let secret else { throw members.fault("secret", "present for mechanism \(mechanism.rawValue)") }
            return secret
        }
        func withoutSecret(
            _ authentication: AssociationConfiguration.Authentication
        ) throws(JSONMemberError) -> AssociationConfiguration.Authentication {
            guard secret == nil else { throw members.fault("secret", "absent for mechanism \(mechanism.rawValue)") }
            return authentication
        }
        self =
            switch mechanism {
            case .none: try withoutSecret(.none)
            case .low: .low(try required())
            case .high: .high(try required())
            case .md5: .md5(try required())
            case .sha1: .sha1(try required())
            case .gmac: try withoutSecret(.gmac)
            case .sha256: .sha256(try required())
            case .ecdsa: try withoutSecret(.ecdsa)
            }
    }
}

extension SecurityConfiguration {
    fileprivate init(
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
        try members.finish()
        guard !protection.contains(.authenticated) || authenticationKey != nil else {
            throw members.fault("authenticationKey", "present when messages are authenticated")
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
}
