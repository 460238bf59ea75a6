// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// How a server protects the messages of one client, and what it demands of them.
public struct ServerSecurity: Hashable, Sendable {
    /// The security suite, which fixes algorithms and key lengths.
    public var suite: SecuritySuite
    /// What every request has to have at least; both false = requests in clear are served, too.
    public var required: AppliedProtection
    /// The server's own system title, 8 octets.
    public var systemTitle: [UInt8]
    /// The only system title that the client may have; nil = any.
    public var clientSystemTitle: [UInt8]?
    /// The global unicast encryption key: 16 octets in suites 0 and 1, 32 in suite 2.
    public var blockCipherKey: Secret
    /// The authentication key, of the same length; nil where none is in use.
    public var authenticationKey: Secret?
    /// The global broadcast encryption key, if there is one.
    public var broadcastKey: Secret?
    /// The master key (KEK), which unwraps content keys of general ciphering.
    public var masterKey: Secret?
    /// The keys of key agreement; nil = no content keys are agreed.
    public var agreement: SecuritySettings.KeyPairSettings?
    /// The keys of general signing; nil = signed requests are not understood.
    public var signing: SecuritySettings.KeyPairSettings?
    /// Whether the header of general ciphering is part of what its tag authenticates; sources disagree.
    public var generalHeaderIsAuthenticated: Bool
    /// Whether the length of the content is part of what general signing signs; sources disagree.
    public var signsContentLength: Bool
    /// How the algorithm is named when a key is derived; sources disagree.
    public var agreedKeyAlgorithm: SecuritySettings.AgreedKeyAlgorithm
    /// The invocation counters of both sides, which outlive associations and connections.
    public var counters: ServerInvocationCounters

    /// Terms with usual choices for everything but titles, keys and counters.
    public init(
        suite: SecuritySuite = .suite0,
        required: AppliedProtection = AppliedProtection(isAuthenticated: true, isEncrypted: true),
        systemTitle: [UInt8],
        clientSystemTitle: [UInt8]? = nil,
        blockCipherKey: Secret,
        authenticationKey: Secret? = nil,
        broadcastKey: Secret? = nil,
        masterKey: Secret? = nil,
        agreement: SecuritySettings.KeyPairSettings? = nil,
        signing: SecuritySettings.KeyPairSettings? = nil,
        generalHeaderIsAuthenticated: Bool = true,
        signsContentLength: Bool = false,
        agreedKeyAlgorithm: SecuritySettings.AgreedKeyAlgorithm = .standard,
        counters: ServerInvocationCounters
    ) {
        self.suite = suite
        self.required = required
        self.systemTitle = systemTitle
        self.clientSystemTitle = clientSystemTitle
        self.blockCipherKey = blockCipherKey
        self.authenticationKey = authenticationKey
        self.broadcastKey = broadcastKey
        self.masterKey = masterKey
        self.agreement = agreement
        self.signing = signing
        self.generalHeaderIsAuthenticated = generalHeaderIsAuthenticated
        self.signsContentLength = signsContentLength
        self.agreedKeyAlgorithm = agreedKeyAlgorithm
        self.counters = counters
    }
}
