// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A get-response whose values stay octets: profiles are too long to be made into trees first.
///
/// Tolerates octets after the value, which some meters send.
struct RawGetResponse: Hashable, Sendable {
    /// The alternatives of Get-Response.
    enum Content: Hashable, Sendable {
        case normal(GetResult)
        case block(isLast: Bool, number: UInt32, BlockContent)
        case list([GetResult])
    }

    /// What a block holds.
    enum BlockContent: Hashable, Sendable {
        case octets(ArraySlice<UInt8>)
        case failure(DataAccessResult)
    }

    /// The invoke-id without its flags.
    let invokeID: UInt8
    let content: Content

    /// Reads a complete APDU, tag C4 first.
    ///
    /// - Throws: `DecodeError` for truncated octets, unknown alternatives and values that are no Data.
    init(_ apdu: [UInt8]) throws(DecodeError) {
        var reader = OctetReader(apdu)
        _ = try reader.readUInt8("tag")
        let choice = try reader.readUInt8("Get-Response")
        invokeID = try reader.readUInt8("invoke-id") & 0x0F
        switch choice {
        case 1: content = .normal(try Self.readResult(&reader))
        case 2:
            let isLast = try reader.readUInt8("last-block") != 0
            let number = try reader.readUInt32("block-number")
            switch try reader.readUInt8("result of block") {
            case 0:
                let count = try reader.readLength()
                content = .block(isLast: isLast, number: number, .octets(try reader.readSlice(count: count)))
            case 1:
                let reason = DataAccessResult(rawValue: try reader.readUInt8("data-access-result"))
                content = .block(isLast: isLast, number: number, .failure(reason))
            case let other: throw DecodeError(.unknownChoice(other), at: reader.offset - 1, what: "result of block")
            }
        case 3: content = .list(try Self.readList(&reader))
        default: throw DecodeError(.unknownChoice(choice), at: 1, what: "Get-Response")
        }
    }

    /// Reads a count and as many results.
    static func readList(_ reader: inout OctetReader) throws(DecodeError) -> [GetResult] {
        let count = try reader.readCount("list of Get-Data-Result")
        var results: [GetResult] = []
        for _ in 0..<count {
            results.append(try readResult(&reader))
        }
        return results
    }

    /// Reads one Get-Data-Result.
    static func readResult(_ reader: inout OctetReader) throws(DecodeError) -> GetResult {
        switch try reader.readUInt8("Get-Data-Result") {
        case 0: return .data(try DataExtent.read(&reader))
        case 1: return .failure(DataAccessResult(rawValue: try reader.readUInt8("data-access-result")))
        case let other: throw DecodeError(.unknownChoice(other), at: reader.offset - 1, what: "Get-Data-Result")
        }
    }
}
