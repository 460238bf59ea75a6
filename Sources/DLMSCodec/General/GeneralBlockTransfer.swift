// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A part of any long APDU (IEC 62056-5-3, General-Block-Transfer, tag E0).
///
/// | octets | field |
/// |---|---|
/// | 1 | block control: bit 7 last block, bit 6 streaming, bits 0-5 window |
/// | 2 | block number, from 1 |
/// | 2 | block number acknowledged |
/// | n | OCTET STRING with a part of the APDU |
public struct GeneralBlockTransfer: Hashable, Sendable {
    /// The block control octet.
    public var blockControl: UInt8
    /// The number of the block.
    public var blockNumber: UInt16
    /// The number of the last block received in order.
    public var blockNumberAcknowledged: UInt16
    /// A part of the APDU.
    public var blockData: [UInt8]

    /// Makes a block.
    ///
    /// - Parameters:
    ///   - isLast: whether no block follows.
    ///   - isStreaming: whether more blocks follow without waiting.
    ///   - window: how many blocks the sender can receive at once, 0-63.
    ///   - blockNumber: the number of the block, from 1.
    ///   - blockNumberAcknowledged: the last block received in order.
    ///   - blockData: a part of the APDU.
    public init(
        isLast: Bool,
        isStreaming: Bool,
        window: UInt8,
        blockNumber: UInt16,
        blockNumberAcknowledged: UInt16,
        blockData: [UInt8]
    ) {
        blockControl = window & 0x3F | (isLast ? 0x80 : 0) | (isStreaming ? 0x40 : 0)
        self.blockNumber = blockNumber
        self.blockNumberAcknowledged = blockNumberAcknowledged
        self.blockData = blockData
    }

    /// Whether no block follows.
    public var isLast: Bool { blockControl & 0x80 != 0 }
    /// Whether more blocks follow without waiting.
    public var isStreaming: Bool { blockControl & 0x40 != 0 }
    /// How many blocks the sender can receive at once.
    public var window: UInt8 { blockControl & 0x3F }
}

extension GeneralBlockTransfer: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.generalBlockTransfer, "general-block-transfer")
        blockControl = try reader.readUInt8("block-control")
        blockNumber = try reader.readUInt16("block-number")
        blockNumberAcknowledged = try reader.readUInt16("block-number-ack")
        blockData = try reader.readOctetString("block-data")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.generalBlockTransfer)
        writer.write(blockControl)
        writer.write(blockNumber)
        writer.write(blockNumberAcknowledged)
        writer.writeOctetString(blockData)
    }
}
