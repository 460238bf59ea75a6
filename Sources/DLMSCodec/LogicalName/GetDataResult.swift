// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The value of an attribute, or why there is none (IEC 62056-5-3, Get-Data-Result).
public enum GetDataResult: Hashable, Sendable {
    /// The value; choice 00.
    case data(DLMSData)
    /// The reason; choice 01.
    case failure(DataAccessResult)
}

extension GetDataResult: OctetCodable {
    /// Reads the choice and its content.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        switch try reader.readUInt8("choice of get-data-result") {
        case 0: self = .data(try DLMSData(decoding: &reader))
        case 1: self = .failure(try DataAccessResult(decoding: &reader))
        case let choice: throw reader.unknownChoice(choice, "get-data-result")
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
        }
    }
}
