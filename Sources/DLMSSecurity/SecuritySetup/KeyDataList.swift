// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec

/// The parameter of methods key_transfer and key_agreement of a security setup object (Blue Book, class 64): an array of
/// structures of key id and key data.
///
/// In key_transfer the data is a key wrapped with the master key, in key_agreement what ``EphemeralKeyAgreement`` makes.
public struct KeyDataList: Hashable, Sendable {
    /// One key of the list.
    public struct Entry: Hashable, Sendable {
        /// Which key it is.
        public var key: TransferredKey
        /// The wrapped key, or ephemeral public key and signature.
        public var octets: [UInt8]

        /// Makes an entry.
        public init(key: TransferredKey, octets: [UInt8]) {
            self.key = key
            self.octets = octets
        }
    }

    /// The keys in the order of the array.
    public var entries: [Entry]

    /// Makes a list.
    public init(_ entries: [Entry]) {
        self.entries = entries
    }

    /// Wraps keys for method key_transfer.
    ///
    /// - Parameters:
    ///   - keys: the new keys.
    ///   - masterKey: the master key that the meter has.
    /// - Throws: ``ProtectionError/keyLength(expected:given:)``.
    public init(wrapping keys: [(TransferredKey, Secret)], with masterKey: Secret) throws(ProtectionError) {
        entries = []
        for (key, secret) in keys {
            entries.append(Entry(key: key, octets: try KeyWrap.wrap(secret, with: masterKey)))
        }
    }

    /// Reads the parameter.
    ///
    /// - Throws: ``ProtectionError/invalidKeyInformation`` for another shape, an unknown key id, or a key that stands
    ///   there twice.
    public init(_ data: DLMSData) throws(ProtectionError) {
        guard case .array(let items) = data, !items.isEmpty else { throw .invalidKeyInformation }
        entries = []
        for item in items {
            guard
                case .structure(let members) = item, members.count == 2,
                case .enumeration(let number) = members[0], let key = TransferredKey(rawValue: number),
                case .octetString(let octets) = members[1], !entries.contains(where: { $0.key == key })
            else { throw .invalidKeyInformation }
            entries.append(Entry(key: key, octets: octets))
        }
    }

    /// The parameter.
    public var data: DLMSData {
        .array(entries.map { .structure([.enumeration($0.key.rawValue), .octetString($0.octets)]) })
    }

    /// Opens the keys of method key_transfer.
    ///
    /// - Throws: ``ProtectionError/keyUnwrapFailed``; then none of the keys may be taken.
    public func unwrapped(with masterKey: Secret) throws(ProtectionError) -> [TransferredKey: Secret] {
        var keys: [TransferredKey: Secret] = [:]
        for entry in entries {
            keys[entry.key] = try KeyWrap.unwrap(entry.octets, with: masterKey)
        }
        return keys
    }
}
