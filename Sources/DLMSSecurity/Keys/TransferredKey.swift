// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The keys that a security setup object transfers and agrees on (Blue Book, class 64, key_id).
public enum TransferredKey: UInt8, CaseIterable, Hashable, Sendable {
    /// The global unicast encryption key.
    case globalUnicast = 0
    /// The global broadcast encryption key.
    case globalBroadcast = 1
    /// The authentication key.
    case authentication = 2
    /// The master key, which wraps others.
    case master = 3

    /// What a derived key of this kind is for.
    var purpose: KeyDerivation.Purpose { self == .master ? .keyWrap : .messages }
}
