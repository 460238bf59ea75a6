// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// The security setup of a simulated meter (Blue Book, class 64), and the passwords of its associations.
struct SecurityState: Sendable {
    let suite: SecuritySuite
    /// What every ciphered request has to have at least; nothing lets requests in clear in, too.
    var required = AppliedProtection.none
    var keys: [TransferredKey: Secret]
    /// The counters of the present unicast key.
    var counters = ServerInvocationCounters()
    /// The passwords by client.
    var passwords: [UInt16: Secret]
    /// The secret that clients answer challenges with.
    var secret: Secret
    /// The meter's own key pairs, by what they are for.
    var keyPairs: [CertificateType: EllipticCurvePrivateKey] = [:]
    /// The public keys of the clients, by what they are for.
    var clientKeys: [CertificateType: EllipticCurvePublicKey] = [:]
    /// The certificates that were imported.
    var certificates: [(info: CertificateInfo, certificate: Certificate)] = []

    init(_ options: SimulatedFleet.Options) {
        let security = options.security
        suite = security.suite
        keys = [
            .globalUnicast: security.globalUnicastKey, .authentication: security.authenticationKey,
            .globalBroadcast: security.globalBroadcastKey, .master: security.masterKey,
        ]
        passwords = [
            SimulatedClient.reader.rawValue: options.readerPassword,
            SimulatedClient.manager.rawValue: options.managerPassword,
        ]
        secret = security.secret
        guard let curve = suite.curve else { return }
        func key(_ secret: Secret?) -> EllipticCurvePrivateKey? {
            secret.flatMap { try? EllipticCurvePrivateKey(curve: curve, secret: $0) }
        }
        keyPairs[.digitalSignature] = key(security.meterSigningKey)
        keyPairs[.keyAgreement] = key(security.meterAgreementKey)
        clientKeys[.digitalSignature] = key(security.clientSigningKey)?.publicKey
        clientKeys[.keyAgreement] = key(security.clientAgreementKey)?.publicKey
    }

    /// On what terms the meter talks ciphered with a client; nil = only in clear.
    func terms(of client: SimulatedClient, systemTitle: [UInt8]) -> ServerSecurity? {
        guard let unicast = keys[.globalUnicast], let demanded = client.requiredProtection else { return nil }
        return ServerSecurity(
            suite: suite,
            required: AppliedProtection(
                isAuthenticated: required.isAuthenticated || demanded.isAuthenticated,
                isEncrypted: required.isEncrypted || demanded.isEncrypted,
                isSigned: demanded.isSigned
            ),
            systemTitle: systemTitle,
            blockCipherKey: unicast,
            authenticationKey: keys[.authentication],
            broadcastKey: keys[.globalBroadcast],
            masterKey: keys[.master],
            agreement: pair(.keyAgreement),
            signing: pair(.digitalSignature),
            counters: counters
        )
    }

    /// The meter's private key of a kind with the public key of the clients.
    private func pair(_ type: CertificateType) -> SecuritySettings.KeyPairSettings? {
        guard let own = keyPairs[type], let peer = clientKeys[type] else { return nil }
        return SecuritySettings.KeyPairSettings(privateKey: own.secret, peerPublicKey: peer.octets)
    }

    /// The ways in which a client may prove who it is: nothing or the password first, then challenges.
    func authentications(of client: SimulatedClient) -> [AssociationAuthentication] {
        var offers: [AssociationAuthentication] = client == .everybody ? [.none] : []
        // The public client may be a reader, too.
        let address = client == .everybody ? SimulatedClient.reader.rawValue : client.rawValue
        if let password = passwords[address] { offers.append(.low(password)) }
        guard client != .everybody else { return offers }
        offers += [
            .high(.gmac), .high(.aes(secret)), .high(.md5(secret)), .high(.sha1(secret)), .high(.sha256(secret)),
        ]
        if let pair = pair(.digitalSignature) {
            offers.append(.high(.ecdsa(signingKey: pair.privateKey, peerPublicKey: pair.peerPublicKey)))
        }
        return offers
    }

    /// Takes new keys, all of them or none.
    ///
    /// A new unicast key begins with fresh counters. An association that is open keeps its keys to the end.
    mutating func transfer(_ parameter: DLMSData?) -> ActionResult {
        guard let parameter, let list = try? KeyDataList(parameter), let master = keys[.master] else {
            return .typeUnmatched
        }
        guard let new = try? list.unwrapped(with: master), new.values.allSatisfy({ $0.count == suite.keyLength })
        else { return .otherReason }
        take(new)
        return .success
    }

    /// Agrees on new keys with a client, all of them or none, and puts them in force.
    mutating func agree(_ parameter: DLMSData?, clientTitle: [UInt8]?, systemTitle: [UInt8]) -> ActionOutcome {
        guard let parameter, let offers = try? KeyDataList(parameter) else {
            return ActionOutcome(result: .typeUnmatched)
        }
        guard let curve = suite.curve, let clientTitle, let own = keyPairs[.digitalSignature],
            let client = clientKeys[.digitalSignature]
        else { return ActionOutcome(result: .otherReason) }
        var agreed: [TransferredKey: Secret] = [:]
        var answers: [KeyDataList.Entry] = []
        for offer in offers.entries {
            guard
                let agreement = try? EphemeralKeyAgreement(on: offer.key, curve: curve),
                let key = try? agreement.agreedKey(
                    keyData: offer.octets,
                    peerSigningKey: client,
                    clientSystemTitle: clientTitle,
                    serverSystemTitle: systemTitle
                ),
                let answer = try? agreement.keyData(signedWith: own)
            else { return ActionOutcome(result: .otherReason) }
            agreed[offer.key] = key
            answers.append(KeyDataList.Entry(key: offer.key, octets: answer))
        }
        take(agreed)
        return ActionOutcome(result: .success, returned: .data(KeyDataList(answers).data.octets))
    }

    /// Puts new keys in force; a new unicast key begins with fresh counters.
    private mutating func take(_ new: [TransferredKey: Secret]) {
        keys.merge(new) { _, new in new }
        if new[.globalUnicast] != nil { counters = ServerInvocationCounters() }
    }

    /// Makes demands stronger, never weaker.
    mutating func require(_ protection: AppliedProtection) -> ActionResult {
        guard protection.isAtLeast(required) else { return .otherReason }
        required = protection
        return .success
    }
}
