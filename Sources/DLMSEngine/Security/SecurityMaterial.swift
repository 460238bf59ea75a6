// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity

/// Keys and choices that both sides of an association have.
struct SecurityMaterial: Hashable, Sendable {
    var suite: SecuritySuite
    var ownTitle: [UInt8]
    var blockCipherKey: Secret
    var authenticationKey: Secret?
    var broadcastKey: Secret?
    var masterKey: Secret?
    var agreement: SecuritySettings.KeyPairSettings?
    var signing: SecuritySettings.KeyPairSettings?
    var generalHeaderIsAuthenticated: Bool
    var signsContentLength: Bool
    var agreedKeyAlgorithm: KeyDerivation.AlgorithmArc
    var allowsUnverified: Bool

    init(_ settings: SecuritySettings) {
        suite = settings.suite
        ownTitle = settings.clientSystemTitle
        blockCipherKey = settings.blockCipherKey
        authenticationKey = settings.authenticationKey
        broadcastKey = settings.broadcastKey
        masterKey = settings.masterKey
        agreement = settings.agreement
        signing = settings.signing
        generalHeaderIsAuthenticated = settings.generalHeaderIsAuthenticated
        signsContentLength = settings.signsContentLength
        agreedKeyAlgorithm = settings.agreedKeyAlgorithm
        allowsUnverified = settings.allowsUnverified
    }

    init(_ security: ServerSecurity) {
        suite = security.suite
        ownTitle = security.systemTitle
        blockCipherKey = security.blockCipherKey
        authenticationKey = security.authenticationKey
        broadcastKey = security.broadcastKey
        masterKey = security.masterKey
        agreement = security.agreement
        signing = security.signing
        generalHeaderIsAuthenticated = security.generalHeaderIsAuthenticated
        signsContentLength = security.signsContentLength
        agreedKeyAlgorithm = security.agreedKeyAlgorithm
        allowsUnverified = false
    }

    /// The protection with a key of the association.
    func protection(_ key: Secret) throws(ProtectionError) -> MessageProtection {
        try MessageProtection(suite: suite, encryptionKey: key, authenticationKey: authenticationKey)
    }
}
