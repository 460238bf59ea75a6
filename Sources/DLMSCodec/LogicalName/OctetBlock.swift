// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A block of a long SET or ACTION (IEC 62056-5-3, DataBlock-SA): last block, block number, octets.
public struct OctetBlock: Hashable, Sendable {
    /// Whether no block follows.
    public var isLast: Bool
    /// The number of the block, from 1.
    public var number: UInt32
    /// A part of the encoding.
    public var rawData: [UInt8]

    /// Makes a block.
    public init(isLast: Bool, number: UInt32, rawData: [UInt8]) {
        self.isLast = isLast
        self.number = number
        self.rawData = rawData
    }
}

extension OctetBlock: OctetCodable {
    /// Reads the block.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        isLast = try reader.readBool("last-block")
        number = try reader.readUInt32("block-number")
        rawData = try reader.readOctetString("raw-data")
    }

    /// Writes the block.
    public func encode(into writer: inout OctetWriter) {
        writer.write(isLast)
        writer.write(number)
        writer.writeOctetString(rawData)
    }
}
