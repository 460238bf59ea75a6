// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Answers a GET (IEC 62056-5-3, GET-Response, tag C4).
public enum GetResponse: Hashable, Sendable {
    /// The value of the attribute.
    case normal(InvokeIDAndPriority, GetDataResult)
    /// A block of a long answer.
    case withDataBlock(InvokeIDAndPriority, DataBlock)
    /// The values in the order asked for.
    case withList(InvokeIDAndPriority, [GetDataResult])

    /// Which invocation it answers.
    public var invoke: InvokeIDAndPriority {
        switch self {
        case .normal(let invoke, _), .withDataBlock(let invoke, _), .withList(let invoke, _): invoke
        }
    }
}

extension GetResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.getResponse, "get-response")
        let choice = try reader.readUInt8("choice of get-response")
        guard (1...3).contains(choice) else { throw reader.unknownChoice(choice, "get-response") }
        let invoke = try InvokeIDAndPriority(decoding: &reader)
        switch choice {
        case 1: self = .normal(invoke, try GetDataResult(decoding: &reader))
        case 2: self = .withDataBlock(invoke, try DataBlock(decoding: &reader))
        default: self = .withList(invoke, try reader.readList("result list"))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.getResponse)
        switch self {
        case .normal(let invoke, let result):
            writer.begin(1, invoke)
            result.encode(into: &writer)
        case .withDataBlock(let invoke, let block):
            writer.begin(2, invoke)
            block.encode(into: &writer)
        case .withList(let invoke, let results):
            writer.begin(3, invoke)
            writer.writeList(results)
        }
    }
}
