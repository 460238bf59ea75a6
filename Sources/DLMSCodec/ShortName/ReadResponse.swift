// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Answers a short-name read (IEC 62056-5-3, ReadResponse, tag 0C).
public struct ReadResponse: Hashable, Sendable {
    /// What came of one variable.
    public enum Result: Hashable, Sendable {
        /// Its value; choice 00.
        case data(DLMSData)
        /// Why there is none; choice 01.
        case failure(DataAccessResult)
        /// A block of the list of results; choice 02.
        case dataBlock(isLast: Bool, blockNumber: UInt16, rawData: [UInt8])
        /// The number of the block received; choice 03.
        case blockNumber(UInt16)
    }

    /// The results in the order asked for.
    public var results: [Result]

    /// Makes a response.
    public init(_ results: [Result]) {
        self.results = results
    }
}

extension ReadResponse.Result: OctetCodable {
    /// Reads the choice and its content.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of read result") {
        case 0: self = .data(try DLMSData(decoding: &reader))
        case 1: self = .failure(try DataAccessResult(decoding: &reader))
        case 2:
            let isLast = try reader.readBool("last-block")
            let number = try reader.readUInt16("block-number")
            let rawData = try reader.readOctetString("raw-data")
            self = .dataBlock(isLast: isLast, blockNumber: number, rawData: rawData)
        case 3: self = .blockNumber(try reader.readUInt16("block-number"))
        case let choice: throw reader.unknownChoice(choice, "read result")
        }
    }

    /// Writes the choice and its content.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .data(let value):
            writer.write(0 as UInt8)
            value.encode(into: &writer)
        case .failure(let reason):
            writer.write(1 as UInt8)
            reason.encode(into: &writer)
        case .dataBlock(let isLast, let number, let rawData):
            writer.write(2 as UInt8)
            writer.write(isLast)
            writer.write(number)
            writer.writeOctetString(rawData)
        case .blockNumber(let number):
            writer.write(3 as UInt8)
            writer.write(number)
        }
    }
}

extension ReadResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.readResponse, "read-response")
        results = try reader.readList("read result list")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.readResponse)
        writer.writeList(results)
    }
}
