// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One write-request with its answer; a long one goes in blocks.
///
/// ```
///  write-request ───────────────► awaiting ──► results ──► finished
///  write-data-block-access ─► awaiting number ───▲
///                        ▲ │ block-number
///                        └─┘ next part
/// ```
struct WriteExchange: Hashable, Sendable {
    /// How a write ended.
    enum Outcome: Hashable, Sendable {
        /// One result per variable.
        case results([DataAccessResult])
        /// The server cannot take a list, or not this one.
        case listRefused
    }

    private let request: [UInt8]
    private let count: Int
    private let limit: Int
    private let mayUseBlocks: Bool
    private let service: ServiceRequest.Service
    private var blocks: OutgoingBlocks?

    init(
        _ variables: [VariableAccess],
        _ values: [DLMSData],
        for service: ServiceRequest.Service,
        _ info: AssociationInfo
    ) {
        request = WriteRequest(variables: variables, data: values).octets
        count = variables.count
        limit = info.requestLimit
        mayUseBlocks = info.conformance.contains(.blockTransferWithSetOrWrite)
        self.service = service
    }

    /// The first request.
    mutating func start() -> ExchangeStep<Outcome> {
        guard request.count > limit else { return .send(request, awaiting: awaited) }
        guard mayUseBlocks, limit > Self.blockOverhead else {
            return .failed(.requestTooLong(octets: request.count, limit: limit))
        }
        // The blocks hold names and values without the tag.
        return sendBlock(OutgoingBlocks(Array(request.dropFirst())))
    }

    /// Takes a write-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<Outcome> {
        let results: [WriteResponse.Result]
        do throws(DecodeError) {
            var reader = OctetReader(apdu)
            results = try WriteResponse(decoding: &reader).results
        } catch {
            return .failed(.malformed(error, waitingFor: awaited))
        }
        if case .blockNumber(let number)? = results.first {
            // The acknowledgement before once more.
            if blocks?.isAcknowledged(UInt32(number)) == true { return .ignored }
            guard let blocks, !blocks.isComplete else { return .failed(.blockTransfer(.notAcknowledged)) }
            guard number == blocks.number else {
                return .failed(.blockTransfer(.number(expected: blocks.number, received: UInt32(number))))
            }
            return sendBlock(blocks)
        }
        let outcomes = results.compactMap { result -> DataAccessResult? in
            switch result {
            case .success: .success
            case .failure(let reason): reason
            case .blockNumber: nil
            }
        }
        if let blocks, !blocks.isComplete, outcomes.allSatisfy({ $0 == .success }) {
            // Success before the last block has left cannot be about the values.
            return .failed(.blockTransfer(.notAcknowledged))
        }
        guard outcomes.count == count else {
            let isRefused = outcomes.count == 1 && outcomes[0] != .success && count > 1
            return isRefused ? .finished(.listRefused) : .failed(.unexpectedAPDU(tag: 0x0D, waitingFor: awaited))
        }
        return .finished(.results(outcomes))
    }

    private var awaited: Awaited { service == .action ? .actionResponse : .setResponse }

    /// Tag, count, choice, last-block, block number, count, Data tag and a length of up to three octets.
    private static let blockOverhead = 11

    private mutating func sendBlock(_ blocks: OutgoingBlocks) -> ExchangeStep<Outcome> {
        var blocks = blocks
        let octets = blocks.next(length: limit - Self.blockOverhead)
        self.blocks = blocks
        let block = VariableAccess.writeDataBlockAccess(
            isLast: blocks.isComplete,
            blockNumber: UInt16(truncatingIfNeeded: blocks.number)
        )
        let acknowledgement: Awaited = service == .action ? .actionBlockAcknowledgement : .setBlockAcknowledgement
        return .send(
            WriteRequest(variables: [block], data: [.octetString(octets)]).octets,
            awaiting: blocks.isComplete ? awaited : acknowledgement
        )
    }
}
