// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Invokes methods (IEC 62056-5-3, ACTION-Request, tag C3).
public enum ActionRequest: Hashable, Sendable {
    /// One method and its parameter.
    case normal(InvokeIDAndPriority, MethodDescriptor, DLMSData?)
    /// The block of the answer after the one with this number.
    case nextBlock(InvokeIDAndPriority, blockNumber: UInt32)
    /// Several methods and their parameters, null-data where there is none.
    case withList(InvokeIDAndPriority, [MethodDescriptor], [DLMSData])
    /// One method and the first block of its parameter.
    case withFirstBlock(InvokeIDAndPriority, MethodDescriptor, OctetBlock)
    /// Several methods and the first block of the list of their parameters.
    case withListAndFirstBlock(InvokeIDAndPriority, [MethodDescriptor], OctetBlock)
    /// A further block.
    case withBlock(InvokeIDAndPriority, OctetBlock)

    /// Which invocation it is.
    public var invoke: InvokeIDAndPriority {
        switch self {
        case .normal(let invoke, _, _), .nextBlock(let invoke, _), .withList(let invoke, _, _),
            .withFirstBlock(let invoke, _, _), .withListAndFirstBlock(let invoke, _, _), .withBlock(let invoke, _):
            invoke
        }
    }
}

extension ActionRequest: OctetCodable {
    /// Reads the APDU with its tag.
    ///
    /// - Throws: `DecodeError`.
    public init(decoding reader: inout OctetReader) throws(DecodeError) {
        try reader.expectTag(APDUTag.actionRequest, "action-request")
        let choice = try reader.readUInt8("choice of action-request")
        guard (1...6).contains(choice) else { throw reader.unknownChoice(choice, "action-request") }
        let invoke = try InvokeIDAndPriority(decoding: &reader)
        switch choice {
        case 1:
            let method = try MethodDescriptor(decoding: &reader)
            self = .normal(invoke, method, try reader.readOptional("method-invocation-parameters"))
        case 2: self = .nextBlock(invoke, blockNumber: try reader.readUInt32("block-number"))
        case 3:
            let methods: [MethodDescriptor] = try reader.readList("method-descriptor-list")
            self = .withList(invoke, methods, try reader.readList("method-invocation-parameters"))
        case 4:
            let method = try MethodDescriptor(decoding: &reader)
            self = .withFirstBlock(invoke, method, try OctetBlock(decoding: &reader))
        case 5:
            let methods: [MethodDescriptor] = try reader.readList("method-descriptor-list")
            self = .withListAndFirstBlock(invoke, methods, try OctetBlock(decoding: &reader))
        default: self = .withBlock(invoke, try OctetBlock(decoding: &reader))
        }
    }

    /// Writes the APDU with its tag.
    public func encode(into writer: inout OctetWriter) {
        writer.write(APDUTag.actionRequest)
        switch self {
        case .normal(let invoke, let method, let parameter):
            writer.begin(1, invoke)
            method.encode(into: &writer)
            writer.writeOptional(parameter)
        case .nextBlock(let invoke, let blockNumber):
            writer.begin(2, invoke)
            writer.write(blockNumber)
        case .withList(let invoke, let methods, let parameters):
            writer.begin(3, invoke)
            writer.writeList(methods)
            writer.writeList(parameters)
        case .withFirstBlock(let invoke, let method, let block):
            writer.begin(4, invoke)
            method.encode(into: &writer)
            block.encode(into: &writer)
        case .withListAndFirstBlock(let invoke, let methods, let block):
            writer.begin(5, invoke)
            writer.writeList(methods)
            block.encode(into: &writer)
        case .withBlock(let invoke, let block):
            writer.begin(6, invoke)
            block.encode(into: &writer)
        }
    }
}
