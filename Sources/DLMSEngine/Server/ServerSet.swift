// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Answers SET requests, also those that come in blocks.
struct ServerSet: Sendable {
    private var long: ReceivedBlocks<[AttributeRequest]>?
    private var isList = false

    /// Answers a request.
    mutating func answer(
        _ request: SetRequest,
        client: ServedClient,
        _ objects: any ObjectServer
    ) -> SetResponse {
        switch request {
        case .normal(let header, let attribute, let value):
            long = nil
            return .normal(header, objects.set(attribute, to: value, for: client))
        case .withList(let header, let attributes, let values):
            long = nil
            return .withList(header, write(attributes, values, client, objects))
        case .withFirstDataBlock(let header, let attribute, let block):
            return start(header, [attribute], isList: false, block, client, objects)
        case .withListAndFirstDataBlock(let header, let attributes, let block):
            return start(header, attributes, isList: true, block, client, objects)
        case .withDataBlock(let header, let block):
            guard long != nil else { return .lastDataBlock(header, .noLongSetInProgress, blockNumber: block.number) }
            return take(header, block, client, objects)
        }
    }

    private mutating func start(
        _ header: InvokeIDAndPriority,
        _ attributes: [AttributeRequest],
        isList: Bool,
        _ block: OctetBlock,
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> SetResponse {
        guard client.conformance.contains(.blockTransferWithSetOrWrite) else { return .normal(header, .otherReason) }
        long = ReceivedBlocks(attributes)
        self.isList = isList
        return take(header, block, client, objects)
    }

    private mutating func take(
        _ header: InvokeIDAndPriority,
        _ block: OctetBlock,
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> SetResponse {
        guard var blocks = long else { return .lastDataBlock(header, .noLongSetInProgress, blockNumber: block.number) }
        long = nil
        guard blocks.add(block) else {
            return .lastDataBlock(header, .dataBlockNumberInvalid, blockNumber: block.number)
        }
        guard block.isLast else {
            long = blocks
            return .dataBlock(header, blockNumber: block.number)
        }
        guard isList else {
            guard let value = try? DLMSData(octets: blocks.octets) else {
                return .lastDataBlock(header, .typeUnmatched, blockNumber: block.number)
            }
            let result = write(blocks.target, [value], client, objects)
            return .lastDataBlock(header, result.first ?? .otherReason, blockNumber: block.number)
        }
        let values = (try? blocks.values()) ?? []
        return .lastDataBlockWithList(
            header,
            write(blocks.target, values, client, objects),
            blockNumber: block.number
        )
    }

    private func write(
        _ attributes: [AttributeRequest],
        _ values: [DLMSData],
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> [DataAccessResult] {
        guard attributes.count == values.count else { return attributes.map { _ in .otherReason } }
        return zip(attributes, values).map { objects.set($0, to: $1, for: client) }
    }
}

extension SetRequest {
    /// Whether it is, or begins, a request for several attributes.
    var isList: Bool {
        switch self {
        case .withList, .withListAndFirstDataBlock: true
        case .normal, .withFirstDataBlock, .withDataBlock: false
        }
    }
}
