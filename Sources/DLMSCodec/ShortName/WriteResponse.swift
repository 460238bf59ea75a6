// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Answers a short-name write (IEC 62056-5-3, WriteResponse, tag 0D).
public struct WriteResponse: Hashable, Sendable {
    /// What came of one variable.
    public enum Result: Hashable, Sendable {
        /// It was written; choice 00.
        case success
        /// Why it was not; choice 01.
        case failure(DataAccessResult)
        /// The number of the block received; choice 02.
        case blockNumber(UInt16)
    }

    /// The results in the order asked for.
    public var results: [Result]

    /// Makes a response.
    public init(_ results: [Result]) {
        self.results = results
    }
}

extension WriteResponse.Result: OctetCodable {
    /// Reads the choice and its content.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of write result") {
        case 0: self = .success
        case 1: self = .failure(try DataAccessResult(decoding: &reader))
        case 2: self = .blockNumber(try reader.readUInt16("block-number"))
        case let choice: throw reader.unknownChoice(choice, "write result")
        }
    }

    /// Writes the choice and its content.
    public func encode(into writer: inout OctetWriter) {
        switch self {
        case .success: writer.write(0 as UInt8)
        case .failure(let reason): writer.write(contentsOf: [1, reason.rawValue])
        case .blockNumber(let number):
            writer.write(2 as UInt8)
            writer.write(number)
        }
    }
}

extension WriteResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.writeResponse, "write-response")
        results = try reader.readList("write result list")
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.writeResponse)
        writer.writeList(results)
    }
}
