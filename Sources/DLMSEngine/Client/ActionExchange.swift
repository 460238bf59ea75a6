// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One ACTION request with its answer; long parameters and long answers go in blocks.
///
/// ```
///  normal, with-list ──────────► awaiting ──normal, with-list──► finished
///  first-pblock (of a list) ─► awaiting acknowledgement     ▲
///                                ▲ │ next-pblock            │ last pblock
///                                └─┘ pblock      └─pblock─► more blocks ─┐
///                                                              ▲         │ next-pblock
///                                                              └─────────┘
/// ```
struct ActionExchange: Hashable, Sendable {
    private let invocations: [MethodInvocation]
    private let header: InvokeIDAndPriority
    private let limit: Int
    /// The longest request without blocks of the service.
    private let longest: Int
    private let mayUseBlocks: Bool
    private let expectedContent: ActionBlockContent?
    private var blocks: OutgoingBlocks?
    private var answerBlocks: BlockCounter
    private var assembled: [UInt8] = []
    /// What the blocks of the answer held, once that is certain.
    private(set) var seenContent: ActionBlockContent?

    init(
        _ invocations: [MethodInvocation],
        invokeID: UInt8,
        _ info: AssociationInfo,
        limit: Int
    ) {
        self.invocations = invocations
        header = InvokeIDAndPriority(invokeID: invokeID)
        self.limit = info.requestLimit
        longest = info.requestLimitWithoutBlocks
        mayUseBlocks = info.conformance.contains(.blockTransferWithAction)
        expectedContent = info.learned.actionBlockContent
        answerBlocks = BlockCounter(limit: limit)
    }

    /// The number of the request.
    var invokeID: UInt8 { header.invokeID }

    /// Whether the server has acknowledged a block of the request.
    var isPartlyTaken: Bool { blocks.map { $0.number > 1 } ?? false }

    /// The first request.
    mutating func start() -> ExchangeStep<[ActionOutcome]> {
        let isList = invocations.count > 1
        let methods = invocations.map(\.method)
        let parameters = invocations.map { $0.parameter ?? .nullData }
        let whole =
            isList
            ? ActionRequest.withList(header, methods, parameters).octets
            : ActionRequest.normal(header, methods[0], invocations[0].parameter).octets
        guard whole.count > (mayUseBlocks ? limit : longest) else { return .send(whole, awaiting: .actionResponse) }
        // Tag, choice, invoke-id, methods, last-block, block number and a length of up to three octets.
        let overhead = 11 + methods.reduce(isList ? 3 : 0) { $0 + $1.octets.count }
        guard mayUseBlocks, limit > overhead else {
            return .failed(.requestTooLong(octets: whole.count, limit: longest))
        }
        var blocks = OutgoingBlocks(isList ? LengthPrefixed.list(parameters) : parameters[0].octets)
        let first = blocks.next(length: limit - overhead)
        self.blocks = blocks
        let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: first)
        let request =
            isList
            ? ActionRequest.withListAndFirstBlock(header, methods, block)
            : ActionRequest.withFirstBlock(header, methods[0], block)
        return .send(request.octets, awaiting: .actionBlockAcknowledgement)
    }

    /// Takes an action-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<[ActionOutcome]> {
        do throws(DecodeError) {
            let response = try RawActionResponse(apdu)
            guard response.invokeID == header.invokeID else { return .ignored }
            switch response.content {
            // The acknowledgement before once more, as when a datagram came twice.
            case .next(let number) where blocks?.isAcknowledged(number) == true: return .ignored
            case .next(let number): return acknowledged(number)
            // A server may refuse before the last block of the parameter has left, but not have done it.
            case .normal(let outcome) where blocks?.isComplete == false && outcome.result != .success:
                return .finished(invocations.map { _ in outcome })
            case _ where blocks?.isComplete == false: return .failed(.blockTransfer(.notAcknowledged))
            case .normal(let outcome): return finish([outcome])
            case .list(let outcomes): return finish(outcomes)
            case .block(let isLast, let number, let octets):
                if answerBlocks.isRepetition(number) { return .ignored }
                if let fault = answerBlocks.blockReceived(number: number, octets: octets.count) {
                    return .failed(fault)
                }
                assembled += octets
                if isLast { return finish(try readAssembled()) }
                return .send(ActionRequest.nextBlock(header, blockNumber: number).octets, awaiting: .actionBlock)
            }
        } catch {
            return .failed(.malformed(error, waitingFor: .actionResponse))
        }
    }

    private mutating func readAssembled() throws(DecodeError) -> [ActionOutcome] {
        guard invocations.count == 1 else { return try RawActionResponse.readAssembledList(assembled) }
        let (outcome, content) = try RawActionResponse.readAssembled(assembled, expected: expectedContent)
        seenContent = content
        return [outcome]
    }

    private func finish(_ outcomes: [ActionOutcome]) -> ExchangeStep<[ActionOutcome]> {
        guard outcomes.count == invocations.count else {
            return .failed(.unexpectedAPDU(tag: 0xC7, waitingFor: .actionResponse))
        }
        return .finished(outcomes)
    }

    private mutating func acknowledged(_ number: UInt32) -> ExchangeStep<[ActionOutcome]> {
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
