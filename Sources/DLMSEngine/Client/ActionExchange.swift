// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One ACTION request with its answer; long parameters and long answers go in blocks.
///
/// ```
///  normal ──────────────► awaiting ──normal──► finished
///  first-pblock ─► awaiting acknowledgement     ▲
///                    ▲ │ next-pblock            │ last pblock
///                    └─┘ pblock      └─pblock─► more blocks ─┐
///                                                  ▲         │ next-pblock
///                                                  └─────────┘
/// ```
struct ActionExchange: Hashable, Sendable {
    private let method: MethodDescriptor
    private let parameter: DLMSData?
    private let header: InvokeIDAndPriority
    private let limit: Int
    private let mayUseBlocks: Bool
    private var blocks: OutgoingBlocks?
    private var answerBlocks: BlockCounter
    private var assembled: [UInt8] = []

    init(
        _ method: MethodDescriptor,
        parameter: DLMSData?,
        invokeID: UInt8,
        _ info: AssociationInfo,
        limit: Int
    ) {
        self.method = method
        self.parameter = parameter
        header = InvokeIDAndPriority(invokeID: invokeID)
        self.limit = info.requestLimit
        mayUseBlocks = info.conformance.contains(.blockTransferWithAction)
        answerBlocks = BlockCounter(limit: limit)
    }

    /// The first request.
    mutating func start() -> ExchangeStep<ActionOutcome> {
        let whole = ActionRequest.normal(header, method, parameter).octets
        guard whole.count > limit else { return .send(whole, awaiting: .actionResponse) }
        // Tag, choice, invoke-id, method, last-block, block number and a length of up to three octets.
        let overhead = 11 + method.octets.count
        guard mayUseBlocks, limit > overhead, let parameter else {
            return .failed(.requestTooLong(octets: whole.count, limit: limit))
        }
        var blocks = OutgoingBlocks(parameter.octets)
        let first = blocks.next(length: limit - overhead)
        self.blocks = blocks
        let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: first)
        return .send(
            ActionRequest.withFirstBlock(header, method, block).octets,
            awaiting: .actionBlockAcknowledgement
        )
    }

    /// Takes an action-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<ActionOutcome> {
        do throws(DecodeError) {
            let response = try RawActionResponse(apdu)
            guard response.invokeID == header.invokeID else { return .ignored }
            switch response.content {
            case .next(let number): return acknowledged(number)
            // A server may refuse before the last block of the parameter has left, but not have done it.
            case .normal(let outcome) where outcome.result != .success: return .finished(outcome)
            case _ where blocks?.isComplete == false: return .failed(.blockTransfer(.notAcknowledged))
            case .normal(let outcome): return .finished(outcome)
            case .block(let isLast, let number, let octets):
                if let fault = answerBlocks.blockReceived(number: number, octets: octets.count) {
                    return .failed(fault)
                }
                assembled += octets
                if isLast { return .finished(try RawActionResponse.readAssembled(assembled)) }
                return .send(ActionRequest.nextBlock(header, blockNumber: number).octets, awaiting: .actionBlock)
            }
        } catch {
            return .failed(.malformed(error, waitingFor: .actionResponse))
        }
    }

    private mutating func acknowledged(_ number: UInt32) -> ExchangeStep<ActionOutcome> {
        guard var blocks, !blocks.isComplete else { return .failed(.blockTransfer(.notAcknowledged)) }
        guard number == blocks.number else {
            return .failed(.blockTransfer(.number(expected: blocks.number, received: number)))
        }
        let octets = blocks.next(length: limit - 11)
        self.blocks = blocks
        let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: octets)
        return .send(
            ActionRequest.withBlock(header, block).octets,
            awaiting: blocks.isComplete ? .actionResponse : .actionBlockAcknowledgement
        )
    }
}
