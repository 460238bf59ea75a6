// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Answers ACTION requests; parameters and answers may come and go in blocks.
struct ServerInvoke: Sendable {
    private var long: ReceivedBlocks<[MethodDescriptor]>?
    private var isList = false
    private var answerBlocks: OutgoingBlocks?
    private let content: ActionBlockContent

    init(_ content: ActionBlockContent) {
        self.content = content
    }

    /// Answers a request.
    mutating func answer(
        _ request: ActionRequest,
        limit: Int,
        client: ServedClient,
        _ objects: any ObjectServer
    ) -> [UInt8] {
        switch request {
        case .normal(let header, let method, let parameter):
            reset()
            return answer(header, objects.invoke(method, parameter: parameter, for: client), limit, client)
        case .withList(let header, let methods, let parameters):
            reset()
            return answer(header, invoke(methods, parameters, client, objects), limit, client)
        case .withFirstBlock(let header, let method, let block):
            return start(header, [method], isList: false, block, limit, client, objects)
        case .withListAndFirstBlock(let header, let methods, let block):
            return start(header, methods, isList: true, block, limit, client, objects)
        case .withBlock(let header, let block):
            return take(header, block, limit, client, objects)
        case .nextBlock(let header, let number):
            guard var blocks = answerBlocks, blocks.number == number else {
                reset()
                return refusal(header, .noLongActionInProgress)
            }
            let apdu = nextBlock(header, &blocks, limit)
            answerBlocks = blocks.isComplete ? nil : blocks
            return apdu
        }
    }

    private mutating func reset() {
        long = nil
        answerBlocks = nil
    }

    private mutating func start(
        _ header: InvokeIDAndPriority,
        _ methods: [MethodDescriptor],
        isList: Bool,
        _ block: OctetBlock,
        _ limit: Int,
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> [UInt8] {
        reset()
        guard client.conformance.contains(.blockTransferWithAction) else { return refusal(header, .otherReason) }
        long = ReceivedBlocks(methods)
        self.isList = isList
        return take(header, block, limit, client, objects)
    }

    private mutating func take(
        _ header: InvokeIDAndPriority,
        _ block: OctetBlock,
        _ limit: Int,
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> [UInt8] {
        guard var blocks = long else { return refusal(header, .noLongActionInProgress) }
        long = nil
        guard blocks.add(block) else { return refusal(header, .longActionAborted) }
        guard block.isLast else {
            long = blocks
            return ActionResponse.nextBlock(header, blockNumber: block.number).octets
        }
        if isList {
            let outcomes = invoke(blocks.target, (try? blocks.values()) ?? [], client, objects)
            return answer(header, outcomes, limit, client)
        }
        guard let value = try? DLMSData(octets: blocks.octets), let method = blocks.target.first else {
            return refusal(header, .typeUnmatched)
        }
        return answer(header, objects.invoke(method, parameter: value, for: client), limit, client)
    }

    private func invoke(
        _ methods: [MethodDescriptor],
        _ parameters: [DLMSData],
        _ client: ServedClient,
        _ objects: any ObjectServer
    ) -> [ActionOutcome] {
        guard methods.count == parameters.count else { return methods.map { _ in ActionOutcome(result: .otherReason) } }
        return zip(methods, parameters).map { method, parameter in
            objects.invoke(method, parameter: parameter == .nullData ? nil : parameter, for: client)
        }
    }

    private mutating func answer(
        _ header: InvokeIDAndPriority,
        _ outcome: ActionOutcome,
        _ limit: Int,
        _ client: ServedClient
    ) -> [UInt8] {
        var writer = OctetWriter()
        outcome.encode(into: &writer)
        guard writer.octets.count + 3 > limit else { return [0xC7, 1, header.rawValue] + writer.octets }
        guard client.conformance.contains(.blockTransferWithAction) else { return refusal(header, .otherReason) }
        var blocks = OutgoingBlocks(writer.octets)
        if content == .returnedData, case .data(let value)? = outcome.returned { blocks = OutgoingBlocks(value) }
        let apdu = nextBlock(header, &blocks, limit)
        answerBlocks = blocks.isComplete ? nil : blocks
        return apdu
    }

    private mutating func answer(
        _ header: InvokeIDAndPriority,
        _ outcomes: [ActionOutcome],
        _ limit: Int,
        _ client: ServedClient
    ) -> [UInt8] {
        var writer = OctetWriter()
        writer.writeLength(outcomes.count)
        for outcome in outcomes {
            outcome.encode(into: &writer)
        }
        guard writer.octets.count + 3 > limit else { return [0xC7, 3, header.rawValue] + writer.octets }
        guard client.conformance.contains(.blockTransferWithAction) else { return refusal(header, .otherReason) }
        var blocks = OutgoingBlocks(writer.octets)
        let apdu = nextBlock(header, &blocks, limit)
        answerBlocks = blocks.isComplete ? nil : blocks
        return apdu
    }

    private func nextBlock(_ header: InvokeIDAndPriority, _ blocks: inout OutgoingBlocks, _ limit: Int) -> [UInt8] {
        // Tag, choice, invoke-id, last-block, block number and a length of up to three octets.
        let octets = blocks.next(length: limit - 11)
        let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: octets)
        return ActionResponse.withBlock(header, block).octets
    }

    private func refusal(_ header: InvokeIDAndPriority, _ result: ActionResult) -> [UInt8] {
        ActionResponse.normal(header, result, nil).octets
    }
}

extension ActionOutcome {
    /// Writes an action-result with an optional Get-Data-Result.
    func encode(into writer: inout OctetWriter) {
        writer.write(result.rawValue)
        writer.write(returned != nil)
        returned?.encode(into: &writer)
    }
}

extension ActionRequest {
    /// Whether it is, or begins, a request for several methods.
    var isList: Bool {
        switch self {
        case .withList, .withListAndFirstBlock: true
        case .normal, .nextBlock, .withFirstBlock, .withBlock: false
        }
    }
}
