// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// The system's randomness, as a server takes it.
@Sendable func systemRandom(_ count: Int) -> [UInt8] {
    (try? RandomOctets.draw(count)) ?? []
}

/// Keys and titles of a client and a meter that fit together, for one suite.
struct SecurityFixture {
    static let clientTitle = hex("4D4D4D0000BC614E")
    static let serverTitle = hex("4D4D4D0000000001")

    let suite: SecuritySuite
    let blockCipherKey: Secret
    let authenticationKey: Secret
    let masterKey: Secret
    let counters = ServerInvocationCounters()
    private let clientKeys: (signing: EllipticCurvePrivateKey, agreement: EllipticCurvePrivateKey)?
    private let serverKeys: (signing: EllipticCurvePrivateKey, agreement: EllipticCurvePrivateKey)?

    init(_ suite: SecuritySuite = .suite0) throws {
        self.suite = suite
        blockCipherKey = Secret((0..<UInt8(suite.keyLength)).map { $0 })
        authenticationKey = Secret((0..<UInt8(suite.keyLength)).map { 0xD0 ^ $0 })
        masterKey = Secret((0..<UInt8(suite.keyLength)).map { 0x77 ^ $0 })
        guard let curve = suite.curve else {
            clientKeys = nil
            serverKeys = nil
            return
        }
        clientKeys = (try .generate(on: curve), try .generate(on: curve))
        serverKeys = (try .generate(on: curve), try .generate(on: curve))
    }

    /// The client's settings.
    func clientSecurity(
        authenticated: Bool = true,
        encrypted: Bool = true,
        _ ciphering: SecuritySettings.Ciphering = .global,
        signed: Bool = false
    ) -> SecuritySettings {
        var security = SecuritySettings(
            suite: suite,
            isAuthenticated: authenticated,
            isEncrypted: encrypted,
            ciphering: ciphering,
            clientSystemTitle: Self.clientTitle,
            blockCipherKey: blockCipherKey,
            authenticationKey: authenticationKey,
            masterKey: masterKey
        )
        if let clientKeys, let serverKeys {
            security.agreement = .init(
                privateKey: clientKeys.agreement.secret,
                peerPublicKey: serverKeys.agreement.publicKey.octets
            )
            if signed || ciphering == .general(.agreedOnePass) {
                security.signing = .init(
                    privateKey: clientKeys.signing.secret,
                    peerPublicKey: serverKeys.signing.publicKey.octets
                )
            }
        }
        security.signsRequests = signed
        return security
    }

    /// The meter's terms.
    func serverSecurity(required: AppliedProtection) -> ServerSecurity {
        var security = ServerSecurity(
            suite: suite,
            required: required,
            systemTitle: Self.serverTitle,
            blockCipherKey: blockCipherKey,
            authenticationKey: authenticationKey,
            masterKey: masterKey,
            counters: counters
        )
        if let clientKeys, let serverKeys {
            security.agreement = .init(
                privateKey: serverKeys.agreement.secret,
                peerPublicKey: clientKeys.agreement.publicKey.octets
            )
            security.signing = .init(
                privateKey: serverKeys.signing.secret,
                peerPublicKey: clientKeys.signing.publicKey.octets
            )
        }
        return security
    }

    /// Mechanism 7 for one side.
    func ecdsa(client: Bool) -> HighLevelAuthentication? {
        guard let clientKeys, let serverKeys else { return nil }
        let (own, peer) = client ? (clientKeys, serverKeys) : (serverKeys, clientKeys)
        return .ecdsa(signingKey: own.signing.secret, peerPublicKey: peer.signing.publicKey.octets)
    }

    /// A meter that serves client 1 on these terms, and its counters to client 16.
    func meter(
        _ authentication: AssociationAuthentication = .high(.gmac),
        required: AppliedProtection = AppliedProtection(isAuthenticated: true, isEncrypted: true),
        maxPDUSize: UInt16 = 1024
    ) -> TestMeter {
        let meter = TestMeter(terms: [
            1: AssociationTerms(
                authentication: authentication,
                maxReceivePDUSize: maxPDUSize,
                security: serverSecurity(required: required)
            ),
            16: AssociationTerms(),
        ])
        meter.store(.octetString([1, 2, 3]), at: attribute())
        return meter
    }

    /// What the client needs to open the association.
    func client(
        _ authentication: AssociationAuthentication = .high(.gmac),
        _ security: SecuritySettings? = nil,
        maxPDUSize: UInt16 = 0xFFFF
    ) -> AssociationSettings {
        var settings = settings(client: 1, authentication: authentication, maxReceivePDUSize: maxPDUSize)
        settings.security = security ?? clientSecurity()
        return settings
    }
}
