// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A read-response whose values stay octets, as in ``RawGetResponse``.
struct RawReadResponse: Hashable, Sendable {
    /// What came of one variable.
    enum Result: Hashable, Sendable {
        case value(GetResult)
        case block(isLast: Bool, number: UInt16, ArraySlice<UInt8>)
        case blockNumber(UInt16)
    }

    let results: [Result]

    /// Reads a complete APDU, tag 0C first; octets after the last result are tolerated.
    ///
    /// - Throws: `DecodeError` for truncated octets, unknown alternatives and values that are no Data.
    init(_ apdu: [UInt8]) throws(DecodeError) {
        var reader = OctetReader(apdu)
        _ = try reader.readUInt8("tag")
        let count = try reader.readCount("list of read results")
        var results: [Result] = []
        for _ in 0..<count {
            results.append(try Self.readResult(&reader))
        }
        self.results = results
    }

    /// The results that the blocks of a long answer add up to; nil if they are nothing of the kind.
    ///
    /// Implementations disagree: the blocks hold the bare Data of a single result, the list of results with its count, or
    /// the results without their count. A wrong guess does not consume all octets.
    static func results(assembled octets: [UInt8], count: Int) -> [GetResult]? {
        var reader = OctetReader(octets)
        if let results = try? RawGetResponse.readList(&reader), results.count == count, reader.isAtEnd {
            return results
        }
        if let results = exactly(count, octets) { return results }
        reader = OctetReader(octets)
        guard count == 1, let value = try? DataExtent.read(&reader) else { return nil }
        return [.data(value)]
    }

    /// How many octets of a long single answer come before its Data: those of a count, and of the choice of a result.
    ///
    /// Data long enough for blocks begins neither with 00, which is null-data, nor with 01 00, which is an empty array.
    /// - Parameter start: at least the first three octets.
    static func prefixLength(_ start: [UInt8]) -> Int {
        if start.starts(with: [1, 0]) { return 2 }
        return start.first == 0 ? 1 : 0
    }

    private static func exactly(_ count: Int, _ octets: [UInt8]) -> [GetResult]? {
        var reader = OctetReader(octets)
        var results: [GetResult] = []
        for _ in 0..<count {
            guard let result = try? RawGetResponse.readResult(&reader) else { return nil }
            results.append(result)
        }
        return reader.isAtEnd ? results : nil
    }

    private static func readResult(_ reader: inout OctetReader) throws(DecodeError) -> Result {
        switch try reader.readUInt8("choice of read result") {
        case 0: return .value(.data(try DataExtent.read(&reader)))
        case 1: return .value(.failure(DataAccessResult(rawValue: try reader.readUInt8("data-access-result"))))
        case 2:
            let isLast = try reader.readUInt8("last-block") != 0
            let number = try reader.readUInt16("block-number")
            let length = try reader.readLength()
            return .block(isLast: isLast, number: number, try reader.readSlice(count: length))
        case 3: return .blockNumber(try reader.readUInt16("block-number"))
        case let other: throw DecodeError(.unknownChoice(other), at: reader.offset - 1, what: "read result")
        }
    }
}
