// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSSecurity

/// The keys of general-ciphering APDUs of one association, in both directions.
struct ContentKeys: Hashable, Sendable {
    private let material: SecurityMaterial
    private let agreement: KeyPair?
    private let signing: KeyPair?
    private let ring: ContentKeyRing
    /// What this side protects with, made once for the association; the static scheme makes one for each message.
    private var sending: [SecuritySettings.ContentKeySource: ContentKey] = [:]
    /// What the other side protected with last, so that its key is not derived again for every message.
    private var received: ContentKey?

    init(_ material: SecurityMaterial, signing: KeyPair?) throws(ProtectionError) {
        self.material = material
        self.signing = signing
        if let settings = material.agreement {
            agreement = try KeyPair(settings, material.suite)
        } else {
            agreement = nil
        }
        ring = try ContentKeyRing(
            suite: material.suite,
            unicastKey: material.blockCipherKey,
            broadcastKey: material.broadcastKey,
            authenticationKey: material.authenticationKey,
            masterKey: material.masterKey,
            agreementKey: agreement?.own,
            originatorAgreementKey: agreement?.peer,
            originatorSigningKey: signing?.peer,
            arc: material.agreedKeyAlgorithm
        )
    }

    /// Takes the key that is sent wrapped in this association.
    mutating func setWrappedKey(_ key: Secret) throws(ProtectionError) {
        guard let masterKey = material.masterKey else { return }
        sending[.wrapped] = try .wrapped(
            key,
            masterKey: masterKey,
            suite: material.suite,
            authenticationKey: material.authenticationKey
        )
    }

    /// The key for a message of this side.
    ///
    /// - Throws: `ProtectionError`, `.keyNotAvailable` when keys of this source were not given.
    mutating func forSending(
        _ source: SecuritySettings.ContentKeySource,
        _ header: GeneralProtectionHeader
    ) throws(ProtectionError) -> ContentKey {
        if let key = sending[source] { return key }
        switch source {
        case .identified:
            let key = ContentKey.identified(try material.protection(material.blockCipherKey))
            sending[source] = key
            return key
        case .wrapped: throw .keyNotAvailable
        case .agreedOnePass:
            guard let agreement, let signing else { throw .keyNotAvailable }
            let key = try ContentKey.agreedOnePass(
                ephemeral: try .generate(on: agreement.peer.curve),
                signingKey: signing.own,
                recipientKey: agreement.peer,
                header: header,
                authenticationKey: material.authenticationKey,
                arc: material.agreedKeyAlgorithm
            )
            sending[source] = key
            return key
        case .agreedStatic:
            guard let agreement else { throw .keyNotAvailable }
            return try .agreedStatic(
                own: agreement.own,
                peer: agreement.peer,
                header: header,
                authenticationKey: material.authenticationKey,
                arc: material.agreedKeyAlgorithm
            )
        }
    }

    /// The key for a message of this side that is protected with the broadcast key.
    func broadcast() throws(ProtectionError) -> ContentKey {
        guard let key = material.broadcastKey else { throw .keyNotAvailable }
        return .identified(try material.protection(key), isBroadcast: true)
    }

    /// The key of a message of the other side.
    mutating func ofReceived(_ message: GeneralCiphering) throws(ProtectionError) -> ContentKey {
        if let received, received.information == message.keyInformation { return received }
        let key = try ring.contentKey(for: message.keyInformation, header: message.header)
        // A key of the static scheme holds for one transaction only.
        received = message.keyInformation?.source == .agreedStatic ? nil : key
        return key
    }
}

extension KeyInformation {
    /// Where the key comes from; nil for parameters that are not known.
    var source: SecuritySettings.ContentKeySource? {
        switch self {
        case .identified: .identified
        case .wrapped: .wrapped
        case .agreed([1], _): .agreedOnePass
        case .agreed([2], _): .agreedStatic
        case .agreed: nil
        }
    }

    /// The octets of the key information at the most, in one suite.
    static func longest(_ source: SecuritySettings.ContentKeySource, _ suite: SecuritySuite) -> Int {
        switch source {
        case .identified: 3
        case .wrapped: 3 + suite.keyLength + 8
        case .agreedOnePass: 6 + 2 * (suite.signatureLength ?? 0)
        case .agreedStatic: 4
        }
    }
}
