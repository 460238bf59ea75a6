// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// Protects APDUs with one symmetric key and takes the protection off again.
///
/// | octets | content |
/// |---|---|
/// | 1 | security control |
/// | 4 | invocation counter, big-endian |
/// | n | the APDU, plain or encrypted |
/// | 12 | tag, when authenticated: the leftmost octets of the GCM tag |
///
/// The nonce is the system title of the sender and the invocation counter, so one pair of them must never protect two
/// messages with the same key. Authenticated are security control, authentication key and additional header, and the
/// APDU itself when it is not encrypted (Green Book, security control and associated data).
///
/// A value is cheap to copy and safe to share: copies use the same key schedule.
public struct MessageProtection: Sendable {
    static let systemTitleLength = 8
    static let headLength = 5
    static let tagLength = 12

    /// The suite whose algorithms are used, and which messages must name.
    public let suite: SecuritySuite
    private let encryptionKey: Secret
    private let authenticationKey: Secret?
    private let cipher: GaloisCounterKey

    /// Takes the keys of one side of a protected exchange.
    ///
    /// - Parameters:
    ///   - suite: the security suite; its key length is expected of both keys.
    ///   - encryptionKey: the block cipher key: global unicast, global broadcast, dedicated, or of one message.
    ///   - authenticationKey: the global authentication key; an empty one when the meter uses none; nil when it is not
    ///     known, so that tags can neither be made nor checked.
    /// - Throws: ``ProtectionError/keyLength(expected:given:)``.
    public init(
        suite: SecuritySuite,
        encryptionKey: Secret,
        authenticationKey: Secret?
    ) throws(ProtectionError) {
        if let authenticationKey, authenticationKey.count != 0, authenticationKey.count != suite.keyLength {
            throw .keyLength(expected: suite.keyLength, given: authenticationKey.count)
        }
        guard encryptionKey.count == suite.keyLength, let cipher = GaloisCounterKey(encryptionKey) else {
            throw .keyLength(expected: suite.keyLength, given: encryptionKey.count)
        }
        self.suite = suite
        self.encryptionKey = encryptionKey
        self.authenticationKey = authenticationKey
        self.cipher = cipher
    }

    /// Protects an APDU.
    ///
    /// - Parameters:
    ///   - apdu: the complete plain APDU with its tag.
    ///   - control: which protection to apply; its suite must be this one.
    ///   - systemTitle: the system title of the sender, 8 octets.
    ///   - invocationCounter: the counter of the sender, never used before with this key and system title.
    ///   - header: what is authenticated in addition, such as the header of a general-ciphering APDU.
    /// - Returns: security control, invocation counter, APDU and tag.
    /// - Throws: ``ProtectionError/suiteMismatch(expected:received:)``, ``ProtectionError/unsupportedCompression``,
    ///   ``ProtectionError/systemTitleLength(_:)``, ``ProtectionError/missingAuthenticationKey``,
    ///   ``ProtectionError/cryptographyUnavailable``.
    public func protect(
        _ apdu: [UInt8],
        control: SecurityControl,
        systemTitle: [UInt8],
        invocationCounter: UInt32,
        header: [UInt8] = []
    ) throws(ProtectionError) -> [UInt8] {
        try check(control)
        return try seal(
            apdu,
            control: control,
            systemTitle: systemTitle,
            invocationCounter: invocationCounter,
            header: header
        )
    }

    /// Protects an APDU, whatever suite the security control names.
    private func seal(
        _ apdu: [UInt8],
        control: SecurityControl,
        systemTitle: [UInt8],
        invocationCounter: UInt32,
        header: [UInt8]
    ) throws(ProtectionError) -> [UInt8] {
        guard systemTitle.count == Self.systemTitleLength else { throw .systemTitleLength(systemTitle.count) }
        let authentication = control.isAuthenticated ? authenticationKey : Secret([])
        guard let authentication else { throw .missingAuthenticationKey }
        let length = Self.headLength + apdu.count + (control.isAuthenticated ? Self.tagLength : 0)
        let content = [UInt8](unsafeUninitializedCapacity: length) { content, count in
            Self.writeHead(control, invocationCounter, to: content)
            let isProtected = apdu.withUnsafeBytes { apdu in
                write(
                    apdu,
                    control: control,
                    nonce: Nonce(systemTitle, invocationCounter),
                    authentication: authentication,
                    header: header,
                    to: UnsafeMutableRawBufferPointer(content)
                )
            }
            count = isProtected ? length : 0
        }
        guard !content.isEmpty else { throw .cryptographyUnavailable }
        return content
    }

    /// Takes the protection off.
    ///
    /// A message whose security control says that it is not authenticated is opened too: whether that is enough is for
    /// the caller to say, by ``UnprotectedMessage/control`` or ``UnprotectedMessage/isVerified``.
    /// - Parameters:
    ///   - content: security control, invocation counter, APDU and tag.
    ///   - systemTitle: the system title of the sender, 8 octets.
    ///   - header: what is authenticated in addition, such as the header of a general-ciphering APDU.
    ///   - allowsUnverified: whether a message with a tag is opened when there is no authentication key to check it
    ///     with. A tag that can be checked is always checked.
    /// - Throws: ``ProtectionError/tagMismatch``, ``ProtectionError/tooShort(_:)``,
    ///   ``ProtectionError/suiteMismatch(expected:received:)``, ``ProtectionError/unsupportedCompression``,
    ///   ``ProtectionError/systemTitleLength(_:)``, ``ProtectionError/missingAuthenticationKey``,
    ///   ``ProtectionError/cryptographyUnavailable``.
    public func unprotect(
        _ content: [UInt8],
        systemTitle: [UInt8],
        header: [UInt8] = [],
        allowsUnverified: Bool = false
    ) throws(ProtectionError) -> UnprotectedMessage {
        guard content.count >= Self.headLength else { throw .tooShort(content.count) }
        let control = SecurityControl(rawValue: content[0])
        try check(control)
        guard systemTitle.count == Self.systemTitleLength else { throw .systemTitleLength(systemTitle.count) }
        let tagLength = control.isAuthenticated ? Self.tagLength : 0
        let length = content.count - Self.headLength - tagLength
        guard length >= 0 else { throw .tooShort(content.count) }
        guard !control.isAuthenticated || authenticationKey != nil || allowsUnverified else {
            throw .missingAuthenticationKey
        }
        let counter = content[1..<Self.headLength].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let isVerified = control.isAuthenticated && authenticationKey != nil
        var outcome = GaloisCounterKey.Opening.refused
        let apdu = [UInt8](unsafeUninitializedCapacity: length) { apdu, count in
            outcome = content.withUnsafeBytes { content in
                let body = UnsafeRawBufferPointer(rebasing: content[Self.headLength..<Self.headLength + length])
                return read(
                    body,
                    tag: isVerified ? UnsafeRawBufferPointer(rebasing: content.suffix(tagLength)) : nil,
                    control: control,
                    nonce: Nonce(systemTitle, counter),
                    header: header,
                    to: UnsafeMutableRawBufferPointer(apdu)
                )
            }
            count = outcome == .opened ? length : 0
        }
        switch outcome {
        case .opened: break
        case .tagMismatch: throw .tagMismatch
        case .refused: throw .cryptographyUnavailable
        }
        return UnprotectedMessage(apdu: apdu, control: control, invocationCounter: counter, isVerified: isVerified)
    }

    /// Makes the tag over octets that are not sent along, as high-level authentication with GMAC does.
    ///
    /// - Parameter namedSuite: the suite that the security control names, when it is another than the one used.
    /// - Returns: security control, invocation counter and tag.
    func authenticate(
        _ octets: [UInt8],
        namedSuite: SecuritySuite? = nil,
        systemTitle: [UInt8],
        invocationCounter: UInt32
    ) throws(ProtectionError) -> [UInt8] {
        let content = try seal(
            octets,
            control: SecurityControl(suite: namedSuite ?? suite, isAuthenticated: true, isEncrypted: false),
            systemTitle: systemTitle,
            invocationCounter: invocationCounter,
            header: []
        )
        return content.prefix(Self.headLength) + content.suffix(Self.tagLength)
    }

    private func check(_ control: SecurityControl) throws(ProtectionError) {
        guard !control.isCompressed else { throw .unsupportedCompression }
        guard control.suite == suite.rawValue else {
            guard SecuritySuite(rawValue: control.suite) != nil else { throw .unknownSuite(control.suite) }
            throw .suiteMismatch(expected: suite.rawValue, received: control.suite)
        }
    }

    private static func writeHead(
        _ control: SecurityControl,
        _ invocationCounter: UInt32,
        to content: UnsafeMutableBufferPointer<UInt8>
    ) {
        content[0] = control.rawValue
        for index in 0..<4 {
            content[1 + index] = UInt8(truncatingIfNeeded: invocationCounter >> (24 - 8 * index))
        }
    }

    /// Writes APDU and tag behind the head of `content`.
    private func write(
        _ apdu: UnsafeRawBufferPointer,
        control: SecurityControl,
        nonce: Nonce,
        authentication: Secret,
        header: [UInt8],
        to content: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let start = content.baseAddress else { return false }
        let body = start + Self.headLength
        let tag = UnsafeMutableRawBufferPointer(rebasing: content[(Self.headLength + apdu.count)...])
        if !control.isEncrypted, let apduStart = apdu.baseAddress {
            body.copyMemory(from: apduStart, byteCount: apdu.count)
        }
        guard control.isEncrypted || control.isAuthenticated else { return true }
        return withAssociated(control, authentication, header, apdu) { associated in
            nonce.withOctets { nonce in
                cipher.encrypt(
                    nonce: nonce,
                    associated: associated,
                    clear: control.isEncrypted ? apdu : UnsafeRawBufferPointer(start: nil, count: 0),
                    text: body,
                    tag: tag
                )
            }
        }
    }

    /// Writes the APDU in clear, and checks the tag when there is one.
    private func read(
        _ body: UnsafeRawBufferPointer,
        tag: UnsafeRawBufferPointer?,
        control: SecurityControl,
        nonce: Nonce,
        header: [UInt8],
        to apdu: UnsafeMutableRawBufferPointer
    ) -> GaloisCounterKey.Opening {
        if !control.isEncrypted { apdu.copyMemory(from: body) }
        guard control.isEncrypted || tag != nil else { return .opened }
        // An empty array may have no memory at all; the cipher writes nothing then.
        guard let clear = apdu.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 1) else { return .refused }
        return withAssociated(control, authenticationKey ?? Secret([]), header, body) { associated in
            nonce.withOctets { nonce in
                cipher.decrypt(
                    nonce: nonce,
                    associated: associated,
                    text: control.isEncrypted ? body : UnsafeRawBufferPointer(start: nil, count: 0),
                    clear: clear,
                    tag: tag
                )
            }
        }
    }

    /// Hands over what the tag covers besides encrypted octets; nothing when there is no tag.
    private func withAssociated<Result>(
        _ control: SecurityControl,
        _ authentication: Secret,
        _ header: [UInt8],
        _ apdu: UnsafeRawBufferPointer,
        _ body: (AssociatedData) -> Result
    ) -> Result {
        guard control.isAuthenticated else { return body(AssociatedData()) }
        return withUnsafeBytes(of: control.rawValue) { controlOctet in
            authentication.withExposedOctets { authentication in
                header.withUnsafeBytes { header in
                    body(
                        AssociatedData(
                            control: controlOctet,
                            authenticationKey: authentication,
                            header: header,
                            apdu: control.isEncrypted ? UnsafeRawBufferPointer(start: nil, count: 0) : apdu
                        )
                    )
                }
            }
        }
    }
}

extension MessageProtection: Hashable {
    /// Whether suite and keys are the same; takes a time that depends on lengths only.
    public static func == (left: MessageProtection, right: MessageProtection) -> Bool {
        left.suite == right.suite && left.encryptionKey == right.encryptionKey
            && left.authenticationKey == right.authenticationKey
    }

    /// Feeds suite and keys to a hasher, whose seed is random per process.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(suite)
        hasher.combine(encryptionKey)
        hasher.combine(authenticationKey)
    }
}

/// System title and invocation counter, as the cipher takes them: 12 octets.
private struct Nonce {
    private var octets: (UInt64, UInt32)

    init(_ systemTitle: [UInt8], _ invocationCounter: UInt32) {
        octets = (systemTitle.reduce(0) { $0 << 8 | UInt64($1) }.bigEndian, invocationCounter.bigEndian)
    }

    func withOctets<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: octets) { body(UnsafeRawBufferPointer(rebasing: $0.prefix(12))) }
    }
}
