// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc

/// Why a secret could not be sealed or opened; never carries key or secret octets.
///
/// The key file cases are the operator's to mend, ``malformed`` and ``altered`` mean that the stored form was damaged
/// or moved to another row, and the rest is our own process.
public enum SealingError: Error, Hashable, Sendable {
    /// There is no key file at this path.
    case keyFileMissing(path: String)
    /// The key file grants access to more than its owner; `mode` holds its permission bits.
    case keyFileExposed(path: String, mode: UInt32)
    /// The key file is not a regular file or does not hold one key in the form written by the gateway.
    case keyFileMalformed(path: String)
    /// A system call on the key file failed with this `errno`.
    case keyFileUnusable(path: String, operation: String, code: Int32)
    /// A key of this many octets was given where 32 are needed.
    case wrongKeyLength(Int)
    /// The secret was sealed with a key that is not at hand; both are key identifiers, not keys.
    case unknownKey(sealedWith: String, atHand: [String])
    /// The stored form is not one that this version understands.
    case malformed
    /// The stored form fails its authentication: it was changed, or belongs to another row.
    case altered
    /// The system gave no randomness.
    case randomnessUnavailable
    /// OpenSSL refused an operation that must not fail with valid arguments.
    case cipherUnavailable
}

extension SealingError: CustomStringConvertible {
    /// What happened and what the operator can do about it.
    public var description: String {
        switch self {
        case .keyFileMissing(let path):
            "there is no key file \(path)"
        case .keyFileExposed(let path, let mode):
            "the key file \(path) is open to others (mode \(String(mode, radix: 8))); allow its owner only: "
                + "chmod 600 \(path)"
        case .keyFileMalformed(let path):
            "the key file \(path) does not hold a sealing key"
        case .keyFileUnusable(let path, let operation, let code):
            "the key file \(path) cannot be used: \(operation) failed: \(String(cString: strerror(code)))"
        case .wrongKeyLength(let count):
            "a sealing key has 32 octets, not \(count)"
        case .unknownKey(let sealedWith, let atHand):
            "a stored secret was sealed with key \(sealedWith), but the key at hand is "
                + "\(atHand.joined(separator: ", ")); put back the key file that belongs to this database"
        case .malformed:
            "a stored secret is not in a known sealed form"
        case .altered:
            "a stored secret was altered or moved to another row"
        case .randomnessUnavailable:
            "the system gives no randomness"
        case .cipherUnavailable:
            "OpenSSL refused AES-256-GCM"
        }
    }
}
