// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A block of a long GET response (IEC 62056-5-3, DataBlock-G).
///
/// | octets | field |
/// |---|---|
/// | 1 | last block |
/// | 4 | block number, from 1 |
/// | 1 | 00 octets follow, 01 a data-access-result |
public struct DataBlock: Hashable, Sendable {
    /// What a block carries.
    public enum Content: Hashable, Sendable {
        /// A part of the value's encoding.
        case octets([UInt8])
        /// Why the transfer ends.
        case failure(DataAccessResult)
    }

    /// Whether no block follows.
    public var isLast: Bool
    /// The number of the block, from 1.
    public var number: UInt32
    /// What it carries.
    public var content: Content

    /// Makes a block.
    public init(isLast: Bool, number: UInt32, content: Content) {
        self.isLast = isLast
        self.number = number
        self.content = content
    }
}

extension DataBlock: OctetCodable {
    /// Reads the block.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        isLast = try reader.readBool("last-block")
        number = try reader.readUInt32("block-number")
        switch try reader.readUInt8("choice of block result") {
        case 0: content = .octets(try reader.readOctetString("raw-data"))
        case 1: content = .failure(try DataAccessResult(decoding: &reader))
        case let choice: throw reader.unknownChoice(choice, "block result")
        }
    }

    /// Writes the block.
    public func encode(into writer: inout OctetWriter) {
        writer.write(isLast)
        writer.write(number)
        switch content {
        case .octets(let octets):
            writer.write(0 as UInt8)
            writer.writeOctetString(octets)
        case .failure(let reason):
            writer.write(1 as UInt8)
            reason.encode(into: &writer)
        }
    }
}
