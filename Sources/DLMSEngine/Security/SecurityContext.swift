// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// Keys and titles of one side of an association, which put protection on messages and take it off.
///
/// Counters are not its business: whoever calls says which one to use, and judges those that come.
struct SecurityContext: Sendable {
    let material: SecurityMaterial
    /// The system title of the other side; empty until it is known.
    var peerTitle: [UInt8]
    /// The protection with the global unicast key.
    let unicast: MessageProtection
    let broadcast: MessageProtection?
    private(set) var dedicated: MessageProtection?
    let signing: KeyPair?
    var contentKeys: ContentKeys

    /// - Throws: `ProtectionError` for keys that do not fit the suite.
    init(_ material: SecurityMaterial, peerTitle: [UInt8]) throws(ProtectionError) {
        self.material = material
        self.peerTitle = peerTitle
        unicast = try material.protection(material.blockCipherKey)
        if let broadcastKey = material.broadcastKey {
            broadcast = try material.protection(broadcastKey)
        } else {
            broadcast = nil
        }
        if let settings = material.signing {
            signing = try KeyPair(settings, material.suite)
        } else {
            signing = nil
        }
        contentKeys = try ContentKeys(material, signing: signing)
    }

    /// Takes the key of this association.
    ///
    /// - Throws: `ProtectionError.keyLength`.
    mutating func setDedicatedKey(_ key: Secret) throws(ProtectionError) {
        dedicated = try material.protection(key)
    }

    /// Whether an APDU with this tag carries a protection.
    static func isProtected(_ tag: UInt8) -> Bool {
        switch tag {
        case 0xDB, 0xDC, 0xDD, 0xDF: true
        default: CipheredAPDU.isCiphered(tag: tag)
        }
    }

    /// The octets that protection adds to an APDU at the most.
    func overhead(_ applied: AppliedProtection, _ form: ProtectionForm) -> Int {
        // Five fields with their lengths, two of them titles and one a transaction.
        let header = 5 + 3 * 8
        // A tag, and lengths of up to three octets.
        let frame = 4
        var overhead = applied.isSigned ? frame + header + 2 + (material.suite.signatureLength ?? 0) : 0
        guard applied.isAuthenticated || applied.isEncrypted else { return overhead }
        overhead += frame + material.suite.overhead
        switch form {
        // Services without a variant of their own take the general form, which has a title of 9 octets.
        case .specific, .generalKey: overhead += 9
        case .general(let source): overhead += header + 1 + KeyInformation.longest(source, material.suite)
        }
        return overhead
    }

    /// The protection with a key that both sides have.
    ///
    /// - Throws: `ProtectionError.keyNotAvailable`.
    func protection(
        _ key: CipheredAPDU.Key,
        usesBroadcastKey: Bool = false
    ) throws(ProtectionError) -> MessageProtection {
        switch key {
        case .global where !usesBroadcastKey: return unicast
        case .global:
            guard let broadcast else { throw .keyNotAvailable }
            return broadcast
        case .dedicated:
            guard let dedicated else { throw .keyNotAvailable }
            return dedicated
        }
    }
}
