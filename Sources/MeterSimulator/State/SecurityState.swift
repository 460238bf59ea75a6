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
    /// The secret of the managing client.
    var secret: Secret
    /// The meter's own key pairs, by what they are for.
    var keyPairs: [CertificateType: EllipticCurvePrivateKey] = [:]
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
            AssociationObjects.readingClient: options.readerPassword,
            AssociationObjects.managingClient: options.managerPassword,
        ]
        secret = security.secret
    }

    /// On what terms the meter talks ciphered.
    func terms(systemTitle: [UInt8]) -> ServerSecurity? {
        guard let unicast = keys[.globalUnicast] else { return nil }
        return ServerSecurity(
            suite: suite,
            required: required,
            systemTitle: systemTitle,
            blockCipherKey: unicast,
            authenticationKey: keys[.authentication],
            broadcastKey: keys[.globalBroadcast],
            masterKey: keys[.master],
            counters: counters
        )
    }

    /// The ways in which a client may prove who it is, the password first.
    func authentications(of client: UInt16) -> [AssociationAuthentication] {
        var offers: [AssociationAuthentication] = []
        if let password = passwords[client] { offers.append(.low(password)) }
        guard client == AssociationObjects.managingClient else { return offers }
        return offers + [
            .high(.aes(secret)), .high(.md5(secret)), .high(.sha1(secret)), .high(.gmac), .high(.sha256(secret)),
        ]
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
        keys.merge(new) { _, new in new }
        if new[.globalUnicast] != nil { counters = ServerInvocationCounters() }
        return .success
    }

    /// Makes demands stronger, never weaker.
    mutating func require(_ protection: AppliedProtection) -> ActionResult {
        guard protection.isAtLeast(required) else { return .otherReason }
        required = protection
        return .success
    }
}
