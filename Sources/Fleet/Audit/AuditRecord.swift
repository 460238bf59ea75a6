// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
public import DLMSSecurity
import JSONText

/// The end of a chain of records: how many there are, and the hash that depends on all of them.
public struct AuditHead: Hashable, Sendable {
    /// The number of the last record; 0 for none.
    public var ordinal: Int64
    /// The hash of the last record, 64 small hexadecimal digits; zeros for none.
    public var hash: String

    /// Makes a head.
    public init(ordinal: Int64, hash: String) {
        self.ordinal = ordinal
        self.hash = hash
    }

    /// What stands before the first record.
    public static let beginning = AuditHead(ordinal: 0, hash: String(repeating: "0", count: 64))

    /// Reads `ORDINAL:HASH`, as ``description`` writes it.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        // Of 18 digits at most, so that there is a record after each.
        guard parts.count == 2, parts[0].utf8.count <= 18, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let ordinal = Int64(parts[0]), parts[1].utf8.count == 64,
            Hexadecimal.octets(of: parts[1]) != nil
        else { return nil }
        self.init(ordinal: ordinal, hash: parts[1].lowercased())
    }
}

extension AuditHead: CustomStringConvertible {
    /// Such as `17:5f0c…`; to be kept where those who can change the database cannot.
    public var description: String { "\(ordinal):\(hash)" }
}

/// One record of the audit log: an entry as it is kept, sealed by the hash that the next one carries on.
///
/// `content` is a JSON object whose first members are `ordinal` and `previous`, the hash of the record before; `hash` is
/// the SHA-256 of exactly these octets.
public struct AuditRecord: Hashable, Sendable {
    /// Its place in the chain, from 1.
    public let ordinal: Int64
    /// The canonical octets, JSON.
    public let content: [UInt8]
    /// The SHA-256 of the content, 64 small hexadecimal digits.
    public let hash: String

    /// Takes a record as it is kept; whether it is sound is for ``AuditChain`` to say.
    public init(ordinal: Int64, content: [UInt8], hash: String) {
        self.ordinal = ordinal
        self.content = content
        self.hash = hash
    }

    /// Makes the record that follows on a head.
    ///
    /// - Throws: `SealingError.cipherUnavailable` when there is no SHA-256.
    public init(_ entry: AuditEntry, after head: AuditHead) throws(SealingError) {
        ordinal = head.ordinal + 1
        var writer = JSONWriter(reservingCapacity: 512)
        writer.beginObject()
        writer.name("ordinal")
        writer.integer(ordinal)
        writer.name("previous")
        writer.string(head.hash)
        entry.write(into: &writer)
        writer.endObject()
        content = writer.takeOctets()
        hash = try Self.hash(of: content)
    }

    /// The head of the chain that ends with this record.
    public var head: AuditHead { AuditHead(ordinal: ordinal, hash: hash) }

    /// The content with the hash as its last member, in one line; the form of an export.
    public var line: [UInt8] {
        content.dropLast() + Self.hashMember + Array(hash.utf8) + Self.lineEnd
    }

    static let hashMember = Array(",\"hash\":\"".utf8)
    static let lineEnd = Array("\"}".utf8)

    /// The SHA-256 of octets in small hexadecimal digits.
    ///
    /// - Throws: `SealingError.cipherUnavailable` when there is no SHA-256.
    public static func hash(of octets: [UInt8]) throws(SealingError) -> String {
        Hexadecimal.text(of: try SHA256Digest.of(octets)).lowercased()
    }
}
