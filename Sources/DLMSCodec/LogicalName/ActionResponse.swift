// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Answers an ACTION (IEC 62056-5-3, ACTION-Response, tag C7).
public enum ActionResponse: Hashable, Sendable {
    /// What came of one method of a list.
    public struct Item: Hashable, Sendable {
        /// Whether it was executed.
        public var result: ActionResult
        /// What it returned.
        public var returnParameters: GetDataResult?

        /// Makes an item.
        public init(result: ActionResult, returnParameters: GetDataResult? = nil) {
            self.result = result
            self.returnParameters = returnParameters
        }
    }

    /// Whether the method was executed, and what it returned.
    case normal(InvokeIDAndPriority, ActionResult, GetDataResult?)
    /// A block of a long answer.
    case withBlock(InvokeIDAndPriority, OctetBlock)
    /// What came of each method, in the order asked for.
    case withList(InvokeIDAndPriority, [Item])
    /// A block was received; the next may follow.
    case nextBlock(InvokeIDAndPriority, blockNumber: UInt32)

    /// Which invocation it answers.
    public var invoke: InvokeIDAndPriority {
        switch self {
        case .normal(let invoke, _, _), .withBlock(let invoke, _), .withList(let invoke, _), .nextBlock(let invoke, _):
            invoke
        }
    }
}

extension ActionResponse.Item: OctetCodable {
    /// Reads result, presence octet and returned value.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        result = try ActionResult(decoding: &reader)
        returnParameters = try reader.readOptional("return-parameters")
    }

    /// Writes result, presence octet and returned value.
    public func encode(into writer: inout OctetWriter) {
        result.encode(into: &writer)
        writer.writeOptional(returnParameters)
    }
}

extension ActionResponse: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.actionResponse, "action-response")
        let choice = try reader.readUInt8("choice of action-response")
        guard (1...4).contains(choice) else { throw reader.unknownChoice(choice, "action-response") }
        let invoke = try InvokeIDAndPriority(decoding: &reader)
        switch choice {
        case 1:
            let item = try Item(decoding: &reader)
            self = .normal(invoke, item.result, item.returnParameters)
        case 2: self = .withBlock(invoke, try OctetBlock(decoding: &reader))
        case 3: self = .withList(invoke, try reader.readList("result list"))
        default: self = .nextBlock(invoke, blockNumber: try reader.readUInt32("block-number"))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.actionResponse)
        switch self {
        case .normal(let invoke, let result, let returnParameters):
            writer.begin(1, invoke)
            Item(result: result, returnParameters: returnParameters).encode(into: &writer)
        case .withBlock(let invoke, let block):
            writer.begin(2, invoke)
            block.encode(into: &writer)
        case .withList(let invoke, let items):
            writer.begin(3, invoke)
            writer.writeList(items)
        case .nextBlock(let invoke, let blockNumber):
            writer.begin(4, invoke)
            writer.write(blockNumber)
        }
    }
}
