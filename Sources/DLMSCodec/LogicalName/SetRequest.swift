// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Writes values of attributes (IEC 62056-5-3, SET-Request, tag C1).
public enum SetRequest: Hashable, Sendable {
    /// One attribute and its value.
    case normal(InvokeIDAndPriority, AttributeRequest, DLMSData)
    /// One attribute and the first block of its value.
    case withFirstDataBlock(InvokeIDAndPriority, AttributeRequest, OctetBlock)
    /// A further block.
    case withDataBlock(InvokeIDAndPriority, OctetBlock)
    /// Several attributes and their values.
    case withList(InvokeIDAndPriority, [AttributeRequest], [DLMSData])
    /// Several attributes and the first block of the list of their values.
    case withListAndFirstDataBlock(InvokeIDAndPriority, [AttributeRequest], OctetBlock)

    /// Which invocation it is.
    public var invoke: InvokeIDAndPriority {
        switch self {
        case .normal(let invoke, _, _), .withFirstDataBlock(let invoke, _, _), .withDataBlock(let invoke, _),
            .withList(let invoke, _, _), .withListAndFirstDataBlock(let invoke, _, _):
            invoke
        }
    }
}

extension SetRequest: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.setRequest, "set-request")
        let choice = try reader.readUInt8("choice of set-request")
        guard (1...5).contains(choice) else { throw reader.unknownChoice(choice, "set-request") }
        let invoke = try InvokeIDAndPriority(decoding: &reader)
        switch choice {
        case 1:
            let attribute = try AttributeRequest(decoding: &reader)
            self = .normal(invoke, attribute, try DLMSData(decoding: &reader))
        case 2:
            let attribute = try AttributeRequest(decoding: &reader)
            self = .withFirstDataBlock(invoke, attribute, try OctetBlock(decoding: &reader))
        case 3: self = .withDataBlock(invoke, try OctetBlock(decoding: &reader))
        case 4:
            let attributes: [AttributeRequest] = try reader.readList("attribute-descriptor-list")
            self = .withList(invoke, attributes, try reader.readList("value-list"))
        default:
            let attributes: [AttributeRequest] = try reader.readList("attribute-descriptor-list")
            self = .withListAndFirstDataBlock(invoke, attributes, try OctetBlock(decoding: &reader))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.setRequest)
        switch self {
        case .normal(let invoke, let attribute, let value):
            writer.begin(1, invoke)
            attribute.encode(into: &writer)
            value.encode(into: &writer)
        case .withFirstDataBlock(let invoke, let attribute, let block):
            writer.begin(2, invoke)
            attribute.encode(into: &writer)
            block.encode(into: &writer)
        case .withDataBlock(let invoke, let block):
            writer.begin(3, invoke)
            block.encode(into: &writer)
        case .withList(let invoke, let attributes, let values):
            writer.begin(4, invoke)
            writer.writeList(attributes)
            writer.writeList(values)
        case .withListAndFirstDataBlock(let invoke, let attributes, let block):
            writer.begin(5, invoke)
            writer.writeList(attributes)
            block.encode(into: &writer)
        }
    }
}
