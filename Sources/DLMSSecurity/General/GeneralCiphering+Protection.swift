// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

extension GeneralCiphering {
    /// Protects an APDU in a general-ciphering one.
    ///
    /// - Parameters:
    ///   - apdu: the complete plain APDU with its tag.
    ///   - header: who sends it to whom; the originator's system title is part of the nonce.
    ///   - key: the key and where it comes from.
    ///   - isAuthenticated: whether a tag is made.
    ///   - isEncrypted: whether the APDU is encrypted.
    ///   - invocationCounter: the counter of the originator, never used before with this key.
    ///   - authenticatesHeader: whether the tag covers the five fields of the header with their lengths; the standard
    ///     has it so in one place, some meters leave them out.
    /// - Throws: as ``MessageProtection/protect(_:control:systemTitle:invocationCounter:header:)``.
    public static func sealing(
        _ apdu: [UInt8],
        header: GeneralProtectionHeader,
        key: ContentKey,
        isAuthenticated: Bool = true,
        isEncrypted: Bool = true,
        invocationCounter: UInt32,
        authenticatesHeader: Bool = true
    ) throws(ProtectionError) -> GeneralCiphering {
        GeneralCiphering(
            header: header,
            keyInformation: key.information,
            content: try key.protection.protect(
                apdu,
                control: SecurityControl(
                    suite: key.protection.suite,
                    isAuthenticated: isAuthenticated,
                    isEncrypted: isEncrypted
                ),
                systemTitle: header.originatorSystemTitle,
                invocationCounter: invocationCounter,
                header: authenticatesHeader ? header.octets : []
            )
        )
    }

    /// Takes the protection off with a key found by ``ContentKeyRing/contentKey(for:header:)``.
    ///
    /// - Parameters:
    ///   - key: the key.
    ///   - authenticatesHeader: whether the tag covers the header.
    ///   - allowsUnverified: whether it is opened without an authentication key to check the tag with.
    /// - Throws: as ``MessageProtection/unprotect(_:systemTitle:header:allowsUnverified:)``.
    public func opening(
        with key: ContentKey,
        authenticatesHeader: Bool = true,
        allowsUnverified: Bool = false
    ) throws(ProtectionError) -> UnprotectedMessage {
        try key.protection.unprotect(
            content,
            systemTitle: header.originatorSystemTitle,
            header: authenticatesHeader ? header.octets : [],
            allowsUnverified: allowsUnverified
        )
    }

    /// Finds the key and takes the protection off.
    ///
    /// Without key information the key is the global one that the security control names.
    /// - Throws: as ``ContentKeyRing/contentKey(for:header:)`` and
    ///   ``MessageProtection/unprotect(_:systemTitle:header:allowsUnverified:)``.
    public func opening(
        with ring: ContentKeyRing,
        authenticatesHeader: Bool = true,
        allowsUnverified: Bool = false
    ) throws(ProtectionError) -> UnprotectedMessage {
        try opening(
            with: try ring.contentKey(
                for: keyInformation ?? .identified(keyID: usesBroadcastKey ? 1 : 0),
                header: header
            ),
            authenticatesHeader: authenticatesHeader,
            allowsUnverified: allowsUnverified
        )
    }

    private var usesBroadcastKey: Bool {
        content.first.map { SecurityControl(rawValue: $0).usesBroadcastKey } ?? false
    }
}
