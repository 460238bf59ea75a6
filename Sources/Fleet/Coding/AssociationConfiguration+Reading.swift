// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

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
        userID = try members.optionalInteger("userId", in: 0...UInt8.max)
        isPreEstablished = try members.optionalBool("preEstablished") ?? false
        try members.finish()
        try checkMechanism(members)
    }

    /// Checks that the security block has what the mechanism needs.
    private func checkMechanism(_ members: JSONMembers) throws(JSONMemberError) {
        let mechanism = authentication.mechanism
        switch mechanism {
        case .none: break
        case .gmac:
            guard security?.authenticationKey != nil else {
                throw members.fault(
                    "security",
                    "present with blockCipherKey and authenticationKey for mechanism gmac"
                )
            }
            // Its proof is made with the unicast key, whose counters those of the broadcast key are not.
            guard security?.keySet != .broadcast else {
                throw members.fault("security", "with keySet unicast for mechanism gmac")
            }
        case .ecdsa:
            guard let security, security.suite.curve != nil, security.signingKey != nil,
                security.serverSigningKey != nil
            else {
                throw members.fault(
                    "security",
                    "present with suite 1 or 2, signingKey and serverSigningKey for mechanism ecdsa"
                )
            }
        case .low, .high, .md5, .sha1, .sha256: break
        }
        guard !isPreEstablished || mechanism == .none || mechanism == .low else {
            throw members.fault(
                "preEstablished",
                "false or absent for mechanism \(mechanism.rawValue), which exchanges challenges"
            )
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
