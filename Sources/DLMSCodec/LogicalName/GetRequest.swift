// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Asks for values of attributes (IEC 62056-5-3, GET-Request, tag C0).
public enum GetRequest: Hashable, Sendable {
    /// One attribute.
    case normal(InvokeIDAndPriority, AttributeRequest)
    /// The block after the one with this number.
    case next(InvokeIDAndPriority, blockNumber: UInt32)
    /// Several attributes.
    case withList(InvokeIDAndPriority, [AttributeRequest])

    /// Which invocation it is.
    public var invoke: InvokeIDAndPriority {
        switch self {
        case .normal(let invoke, _), .next(let invoke, _), .withList(let invoke, _): invoke
        }
    }
}

extension GetRequest: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.getRequest, "get-request")
        let choice = try reader.readUInt8("choice of get-request")
        guard (1...3).contains(choice) else { throw reader.unknownChoice(choice, "get-request") }
        let invoke = try InvokeIDAndPriority(decoding: &reader)
        switch choice {
        case 1: self = .normal(invoke, try AttributeRequest(decoding: &reader))
        case 2: self = .next(invoke, blockNumber: try reader.readUInt32("block-number"))
        default: self = .withList(invoke, try reader.readList("attribute-descriptor-list"))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.getRequest)
        switch self {
        case .normal(let invoke, let attribute):
            writer.begin(1, invoke)
            attribute.encode(into: &writer)
        case .next(let invoke, let blockNumber):
            writer.begin(2, invoke)
            writer.write(blockNumber)
        case .withList(let invoke, let attributes):
            writer.begin(3, invoke)
            writer.writeList(attributes)
        }
    }
}

extension OctetWriter {
    /// Writes the alternative number of a service and its invoke-id-and-priority.
    mutating func begin(_ choice: UInt8, _ invoke: InvokeIDAndPriority) {
        write(choice)
        invoke.encode(into: &self)
    }
}
