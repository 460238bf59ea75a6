// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Keys for looking into ciphered APDUs.
public struct DecipheringKeys: Hashable, Sendable {
    /// The system title of the sender, 8 octets; needed when the octets do not tell it.
    public var systemTitle: [UInt8]?
    /// The key the APDU is encrypted with: global, dedicated, broadcast, or of this message; 16 or 32 octets.
    public var blockCipherKey: Secret
    /// The authentication key; without it tags are not checked, and nothing is verified.
    public var authenticationKey: Secret?

    /// Takes the keys.
    public init(systemTitle: [UInt8]? = nil, blockCipherKey: Secret, authenticationKey: Secret? = nil) {
        self.systemTitle = systemTitle
        self.blockCipherKey = blockCipherKey
        self.authenticationKey = authenticationKey
    }
}
