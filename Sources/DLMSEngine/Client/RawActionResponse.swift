// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// An action-response whose returned value stays octets.
struct RawActionResponse: Hashable, Sendable {
    /// The alternatives of Action-Response.
    enum Content: Hashable, Sendable {
        case normal(ActionOutcome)
        case list([ActionOutcome])
        case block(isLast: Bool, number: UInt32, ArraySlice<UInt8>)
        case next(number: UInt32)
    }

    /// The invoke-id without its flags.
    let invokeID: UInt8
    let content: Content

    /// Reads a complete APDU, tag C7 first; octets after the value are tolerated.
    ///
    /// - Throws: `DecodeError` for truncated octets, unknown alternatives and values that are no Data.
    init(_ apdu: [UInt8]) throws(DecodeError) {
        var reader = OctetReader(apdu)
        _ = try reader.readUInt8("tag")
        let choice = try reader.readUInt8("Action-Response")
        invokeID = try reader.readUInt8("invoke-id") & 0x0F
        switch choice {
        case 1: content = .normal(try Self.readOutcome(&reader))
        case 2:
            let isLast = try reader.readUInt8("last-block") != 0
            let number = try reader.readUInt32("block-number")
            let count = try reader.readLength()
            content = .block(isLast: isLast, number: number, try reader.readSlice(count: count))
        case 3: content = .list(try Self.readList(&reader))
        case 4: content = .next(number: try reader.readUInt32("block-number"))
        default: throw DecodeError(.unknownChoice(choice), at: 1, what: "Action-Response")
        }
    }

    /// Reads an action-result with an optional Get-Data-Result; a missing presence octet counts as absent.
    static func readOutcome(_ reader: inout OctetReader) throws(DecodeError) -> ActionOutcome {
        let result = ActionResult(rawValue: try reader.readUInt8("action-result"))
        guard !reader.isAtEnd, try reader.readUInt8("presence") != 0 else { return ActionOutcome(result: result) }
        return ActionOutcome(result: result, returned: try RawGetResponse.readResult(&reader))
    }

    /// Reads a count and as many outcomes; of a list the presence octets may not be missing.
    static func readList(_ reader: inout OctetReader) throws(DecodeError) -> [ActionOutcome] {
        let count = try reader.readCount("list of Action-Response-With-Optional-Data")
        var outcomes: [ActionOutcome] = []
        for _ in 0..<count {
            let result = ActionResult(rawValue: try reader.readUInt8("action-result"))
            let isPresent = try reader.readUInt8("presence") != 0
            outcomes.append(
                ActionOutcome(result: result, returned: isPresent ? try RawGetResponse.readResult(&reader) : nil)
            )
        }
        return outcomes
    }

    /// Reads what the blocks of a long response add up to, and tells what that was where it is certain.
    ///
    /// Sources disagree whether that is the outcome (result, presence, Get-Data-Result) or only the returned Data. Data
    /// long enough for blocks never begins with 00, which is null-data, while a successful outcome always does. A refusal
    /// without a value is no longer than two octets, and must not be taken for an empty value.
    static func readAssembled(
        _ octets: [UInt8],
        expected: ActionBlockContent? = nil
    ) throws(DecodeError) -> (outcome: ActionOutcome, content: ActionBlockContent?) {
        var reader = OctetReader(octets)
        let isRefusal = octets.count == 1 || (octets.count == 2 && octets[1] == 0)
        if octets.first != 0, !isRefusal, expected != .outcome, let value = try? DataExtent.read(&reader),
            reader.isAtEnd
        {
            return (ActionOutcome(result: .success, returned: .data(value)), .returnedData)
        }
        reader = OctetReader(octets)
        return (try readOutcome(&reader), octets.first == 0 && octets.count > 2 ? .outcome : nil)
    }

    /// Reads what the blocks of a long response to a list add up to: outcomes, or the returned Data of each method.
    static func readAssembledList(_ octets: [UInt8]) throws(DecodeError) -> [ActionOutcome] {
        var reader = OctetReader(octets)
        if let outcomes = try? readList(&reader), reader.isAtEnd { return outcomes }
        reader = OctetReader(octets)
        let count = try reader.readCount("list of returned Data")
        var outcomes: [ActionOutcome] = []
        for _ in 0..<count {
            outcomes.append(ActionOutcome(result: .success, returned: .data(try DataExtent.read(&reader))))
        }
        return outcomes
    }
}
