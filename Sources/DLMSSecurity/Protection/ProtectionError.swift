// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Why a message could not be protected, opened, signed or verified; never carries a key or what was protected.
///
/// ``isPeerAtFault`` tells what came from outside from what is wrong with our own settings.
public enum ProtectionError: Error, Hashable, Sendable {
    // What the peer sent.

    /// The tag does not fit the message: another key, another system title, or altered octets.
    case tagMismatch
    /// The content of this many octets has no room for security header and tag.
    case tooShort(Int)
    /// The message names another security suite.
    case suiteMismatch(expected: UInt8, received: UInt8)
    /// The message names a security suite that does not exist.
    case unknownSuite(UInt8)
    /// The message is compressed, which no known meter does.
    case unsupportedCompression
    /// The proof of high-level authentication is not the expected one.
    case proofMismatch
    /// The signature does not fit the message and the public key.
    case signatureMismatch
    /// A wrapped key fails its check: another wrapping key, or altered octets.
    case keyUnwrapFailed
    /// The key information cannot be used: a key id, an agreement scheme or a length that is not defined.
    case invalidKeyInformation
    /// A public key is not a point of the curve.
    case invalidPublicKey

    // What was configured.

    /// A key has a length that the suite does not allow, in octets.
    case keyLength(expected: Int, given: Int)
    /// A system title does not have 8 octets.
    case systemTitleLength(Int)
    /// A tag is to be made or checked and there is no authentication key.
    case missingAuthenticationKey
    /// The key that the message names is not at hand.
    case keyNotAvailable
    /// The suite has no signatures and no key agreement.
    case suiteWithoutPublicKeys
    /// A private key is not a number below the order of the curve.
    case invalidPrivateKey

    // Our own process.

    /// The system gave no randomness.
    case randomnessUnavailable
    /// OpenSSL refused an operation that must not fail with valid arguments.
    case cryptographyUnavailable

    /// Whether the cause lies in octets that the peer sent.
    public var isPeerAtFault: Bool {
        switch self {
        case .tagMismatch, .tooShort, .suiteMismatch, .unknownSuite, .unsupportedCompression, .proofMismatch,
            .signatureMismatch, .keyUnwrapFailed, .invalidKeyInformation, .invalidPublicKey:
            true
        case .keyLength, .systemTitleLength, .missingAuthenticationKey, .keyNotAvailable,
            .suiteWithoutPublicKeys, .invalidPrivateKey, .randomnessUnavailable, .cryptographyUnavailable:
            false
        }
    }
}

extension ProtectionError: CustomStringConvertible {
    /// A sentence for people, without any secret.
    public var description: String {
        switch self {
        case .tagMismatch: "the tag does not fit: another key or system title, or altered octets"
        case .tooShort(let count): "\(count) octets have no room for security header and tag"
        case .suiteMismatch(let expected, let received):
            "the message uses security suite \(received), not \(expected)"
        case .unknownSuite(let suite): "there is no security suite \(suite)"
        case .unsupportedCompression: "the message is compressed, which is not supported"
        case .proofMismatch: "the proof of authentication is wrong"
        case .signatureMismatch: "the signature does not fit the message and the public key"
        case .keyUnwrapFailed: "the wrapped key does not open with the wrapping key"
        case .invalidKeyInformation: "the key information is not one of the defined ones"
        case .invalidPublicKey: "the public key is not a point of the curve"
        case .keyLength(let expected, let given): "a key of \(given) octets was given where \(expected) are needed"
        case .systemTitleLength(let count): "a system title has 8 octets, not \(count)"
        case .missingAuthenticationKey: "there is no authentication key to make or check the tag with"
        case .keyNotAvailable: "the key that the message names is not at hand"
        case .suiteWithoutPublicKeys: "security suite 0 has neither signatures nor key agreement"
        case .invalidPrivateKey: "the private key does not fit the curve"
        case .randomnessUnavailable: "the system gives no randomness"
        case .cryptographyUnavailable: "OpenSSL refused an operation"
        }
    }
}
