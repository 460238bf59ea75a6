// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One read-request with its answer; a long list of names goes in blocks, and so does a long answer.
///
/// ```
///  read-request ───────────────► awaiting ──► results ──► finished
///  read-data-block-access ─► awaiting number     ▲
///                       ▲ │ block-number         │ last data-block-result
///                       └─┘ next part      more blocks ◄─┐
///                                                └───────┘ block-number-access
/// ```
///
/// Answers carry no number, so one that is late would be taken for the next one: a time-out ends the connection.
struct ReadExchange: Hashable, Sendable {
    private let request: [UInt8]
    private let count: Int
    private let streams: Bool
    private let requestLimit: Int
    private let mayUseBlocks: Bool
    private var requestBlocks: OutgoingBlocks?
    private var answerBlocks: BlockCounter
    private var assembled: [UInt8] = []
    private var hasBegunDelivery = false
    /// The octets of a streamed value that were handed over.
    private var delivered = 0
    private var delivery: [UInt8]?

    init(_ variables: [VariableAccess], streams: Bool = false, _ info: AssociationInfo, limit: Int) {
        request = ReadRequest(variables).octets
        count = variables.count
        self.streams = streams && variables.count == 1
        requestLimit = info.requestLimit
        mayUseBlocks = info.conformance.contains(.blockTransferWithGetOrRead)
        answerBlocks = BlockCounter(limit: limit)
    }

    /// Whether a part of a streamed value was handed over, so that it cannot be begun again.
    var hasDelivered: Bool { streams && answerBlocks.hasBegun }

    /// The first request.
    mutating func start() -> ExchangeStep<GetExchange.Outcome> {
        guard request.count > requestLimit else { return .send(request, awaiting: .getResponse) }
        guard mayUseBlocks, requestLimit > Self.blockOverhead else {
            return .failed(.requestTooLong(octets: request.count, limit: requestLimit))
        }
        // The blocks hold the list without the tag.
        return sendBlock(OutgoingBlocks(Array(request.dropFirst())))
    }

    /// Hands out what arrived of a streamed value since the last call.
    mutating func takeDelivery() -> [UInt8]? {
        defer { delivery = nil }
        return delivery
    }

    /// Takes a read-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<GetExchange.Outcome> {
        let results: [RawReadResponse.Result]
        do throws(DecodeError) {
            results = try RawReadResponse(apdu).results
        } catch {
            return count > 1 ? .finished(.listRefused) : .failed(.malformed(error, waitingFor: .getResponse))
        }
        switch results.first {
        case .block(let isLast, let number, let octets) where results.count == 1:
            return blockReceived(isLast: isLast, number: UInt32(number), octets)
        case .blockNumber(let number) where results.count == 1:
            // The acknowledgement before once more.
            if requestBlocks?.isAcknowledged(UInt32(number)) == true { return .ignored }
            guard let blocks = requestBlocks, !blocks.isComplete else { return unexpected }
            guard number == blocks.number else {
                return .failed(.blockTransfer(.number(expected: blocks.number, received: UInt32(number))))
            }
            return sendBlock(blocks)
        default: break
        }
        let values = results.compactMap { result -> GetResult? in
            if case .value(let value) = result { value } else { nil }
        }
        guard values.count == results.count else { return unexpected }
        guard requestBlocks?.isComplete != false else {
            // A server may refuse before it has the whole list, but not answer it.
            guard case .failure? = values.first else { return unexpected }
            return count == 1 ? .finished(.results(values)) : .finished(.listRefused)
        }
        if answerBlocks.hasBegun {
            // Only a refusal can come in place of the next block.
            guard values.count == 1, case .failure = values[0] else { return unexpected }
            return count == 1 ? .finished(.results(values)) : .finished(.listRefused)
        }
        return complete(values)
    }

    private var unexpected: ExchangeStep<GetExchange.Outcome> {
        .failed(.unexpectedAPDU(tag: 0x0C, waitingFor: answerBlocks.hasBegun ? .getBlock : .getResponse))
    }

    private mutating func blockReceived(
        isLast: Bool,
        number: UInt32,
        _ octets: ArraySlice<UInt8>
    ) -> ExchangeStep<GetExchange.Outcome> {
        if answerBlocks.isRepetition(number) { return .ignored }
        if let fault = answerBlocks.blockReceived(number: number, octets: octets.count) { return .failed(fault) }
        assembled += octets
        if streams, hasBegunDelivery || (assembled.count > 3 && !isLast) { deliver() }
        guard isLast else {
            let next = ReadRequest([.blockNumberAccess(UInt16(truncatingIfNeeded: number))])
            return .send(next.octets, awaiting: .getBlock)
        }
        if hasBegunDelivery { return .finished(.streamed(octets: delivered)) }
        guard let results = RawReadResponse.results(assembled: assembled, count: count) else {
            let error = DecodeError(.invalidLength(assembled.count), at: 0, what: "results in blocks")
            return count > 1 ? .finished(.listRefused) : .failed(.malformed(error, waitingFor: .getBlock))
        }
        return complete(results)
    }

    private mutating func deliver() {
        if !hasBegunDelivery { assembled.removeFirst(RawReadResponse.prefixLength(assembled)) }
        hasBegunDelivery = true
        delivered += assembled.count
        delivery = assembled
        assembled = []
    }

    private mutating func complete(_ results: [GetResult]) -> ExchangeStep<GetExchange.Outcome> {
        guard results.count == count else { return count > 1 ? .finished(.listRefused) : unexpected }
        guard streams, case .data(let octets) = results[0] else { return .finished(.results(results)) }
        delivery = octets
        return .finished(.streamed(octets: octets.count))
    }

    /// Tag, count, choice, last-block, block number and a length of up to three octets.
    private static let blockOverhead = 9

    private mutating func sendBlock(_ blocks: OutgoingBlocks) -> ExchangeStep<GetExchange.Outcome> {
        var blocks = blocks
        let octets = blocks.next(length: requestLimit - Self.blockOverhead)
        requestBlocks = blocks
        let block = VariableAccess.readDataBlockAccess(
            isLast: blocks.isComplete,
            blockNumber: UInt16(truncatingIfNeeded: blocks.number),
            rawData: octets
        )
        return .send(ReadRequest([block]).octets, awaiting: .getResponse)
    }
}
