// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One SET request with its answer; values too long for one APDU go in blocks.
///
/// ```
///  normal, with-list ────────────► awaiting ──normal, with-list──► finished
///  first-datablock (of a list) ──► awaiting acknowledgement ──last-datablock (of a list)──► finished
///                                    ▲ │ datablock
///                                    └─┘ next block
/// ```
struct SetExchange: Hashable, Sendable {
    private let writes: [AttributeWrite]
    private let header: InvokeIDAndPriority
    private let limit: Int
    /// The longest request without blocks of the service.
    private let longest: Int
    private let mayUseBlocks: Bool
    private var blocks: OutgoingBlocks?

    init(_ writes: [AttributeWrite], invokeID: UInt8, _ info: AssociationInfo) {
        self.writes = writes
        header = InvokeIDAndPriority(invokeID: invokeID)
        limit = info.requestLimit
        longest = info.requestLimitWithoutBlocks
        mayUseBlocks = info.conformance.contains(.blockTransferWithSetOrWrite)
    }

    /// The number of the request.
    var invokeID: UInt8 { header.invokeID }

    /// Whether the server has acknowledged a block of the request.
    var isPartlyTaken: Bool { blocks.map { $0.number > 1 } ?? false }

    /// The first request.
    mutating func start() -> ExchangeStep<[DataAccessResult]> {
        let requests = writes.map(\.request)
        let values = writes.map(\.value)
        let whole =
            writes.count == 1
            ? SetRequest.normal(header, requests[0], values[0]).octets
            : SetRequest.withList(header, requests, values).octets
        guard whole.count > (mayUseBlocks ? limit : longest) else { return .send(whole, awaiting: .setResponse) }
        // Tag, choice, invoke-id, attributes, last-block, block number and a length of up to three octets.
        let overhead = 11 + requests.reduce(writes.count == 1 ? 0 : 3) { $0 + $1.octets.count }
        guard mayUseBlocks, limit > overhead else {
            return .failed(.requestTooLong(octets: whole.count, limit: longest))
        }
        var blocks = OutgoingBlocks(writes.count == 1 ? values[0].octets : LengthPrefixed.list(values))
        let first = blocks.next(length: limit - overhead)
        self.blocks = blocks
        let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: first)
        let request =
            writes.count == 1
            ? SetRequest.withFirstDataBlock(header, requests[0], block)
            : SetRequest.withListAndFirstDataBlock(header, requests, block)
        return .send(request.octets, awaiting: .setBlockAcknowledgement)
    }

    /// Takes a set-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<[DataAccessResult]> {
        do throws(DecodeError) {
            var reader = OctetReader(apdu)
            let response = try SetResponse(decoding: &reader)
            guard response.invoke.invokeID == header.invokeID else { return .ignored }
            return received(response)
        } catch {
            return .failed(.malformed(error, waitingFor: .setResponse))
        }
    }

    private mutating func received(_ response: SetResponse) -> ExchangeStep<[DataAccessResult]> {
        switch response {
        case .normal(_, let result), .lastDataBlock(_, let result, _): return finish([result])
        case .withList(_, let results), .lastDataBlockWithList(_, let results, _): return finish(results)
        // The acknowledgement before once more, as when a datagram came twice.
        case .dataBlock(_, let number) where blocks?.isAcknowledged(number) == true: return .ignored
        case .dataBlock(_, let number):
            guard var blocks, !blocks.isComplete else { return .failed(.blockTransfer(.notAcknowledged)) }
            guard number == blocks.number else {
                return .failed(.blockTransfer(.number(expected: blocks.number, received: number)))
            }
            let octets = blocks.next(length: limit - 11)
            self.blocks = blocks
            let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: octets)
            return .send(SetRequest.withDataBlock(header, block).octets, awaiting: .setBlockAcknowledgement)
        }
    }

    /// Ends with results, unless they are success before the last block has left, which cannot be about the values.
    ///
    /// Observed: servers that refuse with a normal response in the middle of a block transfer. That refuses every value
    /// of a list, because none of them was complete. Once all of a list has left, one result says nothing about the rest.
    private func finish(_ results: [DataAccessResult]) -> ExchangeStep<[DataAccessResult]> {
        if let blocks, !blocks.isComplete {
            guard let result = results.first(where: { $0 != .success }) else {
                return .failed(.blockTransfer(.notAcknowledged))
            }
            return .finished(results.count == writes.count ? results : writes.map { _ in result })
        }
        guard results.count == writes.count else {
            return .failed(.unexpectedAPDU(tag: 0xC5, waitingFor: .setResponse))
        }
        return .finished(results)
    }
}

/// Values behind their count, as lists are in blocks.
enum LengthPrefixed {
    /// The count and the values.
    static func list(_ values: [DLMSData]) -> [UInt8] {
        var writer = OctetWriter()
        writer.writeLength(values.count)
        for value in values { value.encode(into: &writer) }
        return writer.octets
    }
}
