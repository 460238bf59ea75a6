// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One GET request with its answer, including the blocks of a long one.
///
/// ```
///  normal / with-list ──► awaiting ──► response ──► finished
///                            │ ▲
///              with-datablock│ │next
///                            ▼ │
///                         more blocks
/// ```
struct GetExchange: Hashable, Sendable {
    /// How a GET ended.
    enum Outcome: Hashable, Sendable {
        /// One result per attribute.
        case results([GetResult])
        /// The value was handed over in parts, this many octets together.
        case streamed(octets: Int)
        /// The server cannot answer a list, or not this one.
        case listRefused
    }

    let requests: [AttributeRequest]
    let invokeID: UInt8
    private let streams: Bool
    private let limit: Int
    private var blocks: BlockCounter
    private var assembled: [UInt8] = []
    /// What is to be handed over of a streamed value.
    private var delivery: [UInt8]?

    init(requests: [AttributeRequest], invokeID: UInt8, streams: Bool, limit: Int) {
        self.requests = requests
        self.invokeID = invokeID
        self.streams = streams && requests.count == 1
        self.limit = limit
        blocks = BlockCounter(limit: limit)
    }

    /// Whether a part of a streamed value was handed over, so that it cannot be begun again.
    var hasDelivered: Bool { streams && blocks.hasBegun }

    /// The request that begins the exchange.
    var firstRequest: [UInt8] {
        let header = InvokeIDAndPriority(invokeID: invokeID)
        return requests.count == 1
            ? GetRequest.normal(header, requests[0]).octets : GetRequest.withList(header, requests).octets
    }

    /// Hands out what arrived of a streamed value since the last call.
    mutating func takeDelivery() -> [UInt8]? {
        defer { delivery = nil }
        return delivery
    }

    /// Takes a get-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<Outcome> {
        do throws(DecodeError) {
            let response = try RawGetResponse(apdu)
            guard response.invokeID == invokeID else { return .ignored }
            return try received(response.content)
        } catch {
            return requests.count > 1 ? .finished(.listRefused) : .failed(.malformed(error, waitingFor: .getResponse))
        }
    }

    private mutating func received(_ content: RawGetResponse.Content) throws(DecodeError) -> ExchangeStep<Outcome> {
        switch content {
        // A whole value in place of the next block can be no part of what has come; only a refusal can.
        case .normal(.data) where blocks.hasBegun, .list where blocks.hasBegun:
            return .failed(.unexpectedAPDU(tag: 0xC4, waitingFor: .getBlock))
        case .normal(let result):
            guard requests.count == 1 else { return .finished(.listRefused) }
            return complete([result])
        case .list(let results):
            return complete(results)
        case .block(_, _, .failure(let reason)):
            return requests.count == 1 ? .finished(.results([.failure(reason)])) : .finished(.listRefused)
        case .block(_, let number, .octets) where blocks.isRepetition(number):
            return .ignored
        case .block(let isLast, let number, .octets(let octets)):
            if let fault = blocks.blockReceived(number: number, octets: octets.count) { return .failed(fault) }
            if streams {
                delivery = Array(octets)
            } else {
                assembled += octets
            }
            guard isLast else {
                let next = GetRequest.next(InvokeIDAndPriority(invokeID: invokeID), blockNumber: number)
                return .send(next.octets, awaiting: .getBlock)
            }
            if streams, blocks.received > 0 { return .finished(.streamed(octets: blocks.received)) }
            var reader = OctetReader(assembled)
            if requests.count > 1 { return complete(try RawGetResponse.readList(&reader)) }
            return complete([.data(try DataExtent.read(&reader))])
        }
    }

    private mutating func complete(_ results: [GetResult]) -> ExchangeStep<Outcome> {
        guard results.count == requests.count else {
            return requests.count > 1
                ? .finished(.listRefused) : .failed(.unexpectedAPDU(tag: 0xC4, waitingFor: .getResponse))
        }
        guard streams, case .data(let octets) = results[0] else { return .finished(.results(results)) }
        delivery = octets
        return .finished(.streamed(octets: octets.count))
    }
}
