// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// What is known of an association whose frames are to be explained.
public struct ConversationKeys: Sendable {
    /// The key for messages with the global key, 16 or 32 octets.
    public var blockCipherKey: Secret?
    /// The authentication key.
    public var authenticationKey: Secret?
    /// The system title of the client, 8 octets, where its messages do not tell it.
    public var clientSystemTitle: [UInt8]?
    /// The system title of the meter, 8 octets, where its messages do not tell it.
    public var serverSystemTitle: [UInt8]?
    /// Secrets that are hidden wherever they stand; those shorter than four octets only where they are known to stand.
    public var secrets: [Secret]

    /// Takes what is known.
    public init(
        blockCipherKey: Secret? = nil,
        authenticationKey: Secret? = nil,
        clientSystemTitle: [UInt8]? = nil,
        serverSystemTitle: [UInt8]? = nil,
        secrets: [Secret] = []
    ) {
        self.blockCipherKey = blockCipherKey
        self.authenticationKey = authenticationKey
        self.clientSystemTitle = clientSystemTitle
        self.serverSystemTitle = serverSystemTitle
        self.secrets = secrets
    }
}
