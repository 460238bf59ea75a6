// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Answers a SET (IEC 62056-5-3, SET-Response, tag C5).
public enum SetResponse: Hashable, Sendable {
    /// Whether the attribute was written.
    case normal(InvokeIDAndPriority, DataAccessResult)
    /// A block was received; the next may follow.
    case dataBlock(InvokeIDAndPriority, blockNumber: UInt32)
    /// The last block was received, and whether the attribute was written.
    case lastDataBlock(InvokeIDAndPriority, DataAccessResult, blockNumber: UInt32)
    /// The last block was received, and which attributes were written.
    case lastDataBlockWithList(InvokeIDAndPriority, [DataAccessResult], blockNumber: UInt32)
    /// Which attributes were written, in the order asked for.
    case withList(InvokeIDAndPriority, [DataAccessResult])

    /// Which invocation it answers.
    public var invoke: InvokeIDAndPriority {
        switch self {
        case .normal(let invoke, _), .dataBlock(let invoke, _), .lastDataBlock(let invoke, _, _),
            .lastDataBlockWithList(let invoke, _, _), .withList(let invoke, _):
            invoke
        }
    }
}

extension SetResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.setResponse, "set-response")
        let choice = try reader.readUInt8("choice of set-response")
        guard (1...5).contains(choice) else { throw reader.unknownChoice(choice, "set-response") }
        let invoke = try InvokeIDAndPriority(decoding: &reader)
        switch choice {
        case 1: self = .normal(invoke, try DataAccessResult(decoding: &reader))
        case 2: self = .dataBlock(invoke, blockNumber: try reader.readUInt32("block-number"))
        case 3:
            let result = try DataAccessResult(decoding: &reader)
            self = .lastDataBlock(invoke, result, blockNumber: try reader.readUInt32("block-number"))
        case 4:
            let results: [DataAccessResult] = try reader.readList("result list")
            self = .lastDataBlockWithList(invoke, results, blockNumber: try reader.readUInt32("block-number"))
        default: self = .withList(invoke, try reader.readList("result list"))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.setResponse)
        switch self {
        case .normal(let invoke, let result):
            writer.begin(1, invoke)
            result.encode(into: &writer)
        case .dataBlock(let invoke, let blockNumber):
            writer.begin(2, invoke)
            writer.write(blockNumber)
        case .lastDataBlock(let invoke, let result, let blockNumber):
            writer.begin(3, invoke)
            result.encode(into: &writer)
            writer.write(blockNumber)
        case .lastDataBlockWithList(let invoke, let results, let blockNumber):
            writer.begin(4, invoke)
            writer.writeList(results)
            writer.write(blockNumber)
        case .withList(let invoke, let results):
            writer.begin(5, invoke)
            writer.writeList(results)
        }
    }
}
