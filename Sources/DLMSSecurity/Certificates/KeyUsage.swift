// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What the key of a certificate may be used for (RFC 5280, key usage).
public struct KeyUsage: OptionSet, Hashable, Sendable {
    /// The bits in the order of the standard, the first one as the most significant of an octet.
    public let rawValue: UInt32

    /// Makes a set of its bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Signatures of messages and authentication (ECDSA).
    public static let digitalSignature = KeyUsage(rawValue: 0x80)
    /// Agreement on keys (ECDH).
    public static let keyAgreement = KeyUsage(rawValue: 0x08)
    /// Signatures of certificates.
    public static let certificateSigning = KeyUsage(rawValue: 0x04)
    /// Signatures of revocation lists.
    public static let revocationListSigning = KeyUsage(rawValue: 0x02)

    /// The names that OpenSSL has for them.
    var names: String {
        let named: [(KeyUsage, String)] = [
            (.digitalSignature, "digitalSignature"), (.keyAgreement, "keyAgreement"),
            (.certificateSigning, "keyCertSign"), (.revocationListSigning, "cRLSign"),
        ]
        return named.filter { contains($0.0) }.map(\.1).joined(separator: ",")
    }
}
