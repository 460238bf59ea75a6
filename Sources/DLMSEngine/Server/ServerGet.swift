// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Answers GET requests, in blocks when the answer is longer than the client accepts.
struct ServerGet: Sendable {
    /// A long answer of which blocks are still to be fetched.
    private var long: OutgoingBlocks?

    /// Answers a request.
    mutating func answer(
        _ request: GetRequest,
        limit: Int,
        client: ServedClient,
        _ objects: any ObjectServer
    ) -> [UInt8] {
        switch request {
        case .normal(let header, let attribute):
            long = nil
            return answer(header, objects.get(attribute, for: client), limit, client)
        case .withList(let header, let attributes):
            long = nil
            guard client.conformance.contains(.multipleReferences) else {
                return failure(header, .otherReason)
            }
            return answer(header, attributes.map { objects.get($0, for: client) }, limit, client)
        case .next(let header, let number):
            guard var blocks = long else { return lastBlock(header, number, .noLongGetInProgress) }
            guard number == blocks.number else {
                long = nil
                return lastBlock(header, number, .dataBlockNumberInvalid)
            }
            let apdu = nextBlock(header, &blocks, limit)
            long = blocks.isComplete ? nil : blocks
            return apdu
        }
    }

    private mutating func answer(
        _ header: InvokeIDAndPriority,
        _ result: GetResult,
        _ limit: Int,
        _ client: ServedClient
    ) -> [UInt8] {
        switch result {
        case .failure(let reason): return failure(header, reason)
        case .data(let value):
            // Tag, choice, invoke-id and the choice of Get-Data-Result.
            guard value.count + 4 > limit else {
                var writer = OctetWriter(reservingCapacity: value.count + 4)
                writer.write(contentsOf: [0xC4, 1, header.rawValue, 0])
                writer.write(contentsOf: value)
                return writer.octets
            }
            return startBlocks(header, value, limit, client)
        }
    }

    private mutating func answer(
        _ header: InvokeIDAndPriority,
        _ results: [GetResult],
        _ limit: Int,
        _ client: ServedClient
    ) -> [UInt8] {
        var list = OctetWriter()
        list.writeLength(results.count)
        for result in results {
            result.encode(into: &list)
        }
        if list.octets.count + 3 > limit { return startBlocks(header, list.octets, limit, client) }
        return [0xC4, 3, header.rawValue] + list.octets
    }

    private mutating func startBlocks(
        _ header: InvokeIDAndPriority,
        _ octets: [UInt8],
        _ limit: Int,
        _ client: ServedClient
    ) -> [UInt8] {
        guard client.conformance.contains(.blockTransferWithGetOrRead) else { return failure(header, .otherReason) }
        var blocks = OutgoingBlocks(octets)
        let apdu = nextBlock(header, &blocks, limit)
        long = blocks.isComplete ? nil : blocks
        return apdu
    }

    private func nextBlock(_ header: InvokeIDAndPriority, _ blocks: inout OutgoingBlocks, _ limit: Int) -> [UInt8] {
        // Tag, choice, invoke-id, last-block, block number, choice and a length of up to three octets.
        let octets = blocks.next(length: limit - 12)
        let block = DataBlock(isLast: blocks.isComplete, number: blocks.number, content: .octets(octets))
        return GetResponse.withDataBlock(header, block).octets
    }

    private func failure(_ header: InvokeIDAndPriority, _ reason: DataAccessResult) -> [UInt8] {
        GetResponse.normal(header, .failure(reason)).octets
    }

    private func lastBlock(_ header: InvokeIDAndPriority, _ number: UInt32, _ reason: DataAccessResult) -> [UInt8] {
        GetResponse.withDataBlock(header, DataBlock(isLast: true, number: number, content: .failure(reason))).octets
    }
}

extension GetRequest {
    /// Whether it is a request for several attributes.
    var isList: Bool {
        if case .withList = self { true } else { false }
    }
}

extension GetResult {
    /// Writes a Get-Data-Result.
    func encode(into writer: inout OctetWriter) {
        switch self {
        case .data(let octets):
            writer.write(0 as UInt8)
            writer.write(contentsOf: octets)
        case .failure(let reason):
            writer.write(1 as UInt8)
            writer.write(reason.rawValue)
        }
    }
}
