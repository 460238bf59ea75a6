// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Answers read-requests; long lists of names and long answers come and go in blocks.
struct ServerRead: Sendable {
    private var request: ReceivedBlocks<Void>?
    private var answerBlocks: OutgoingBlocks?
    private let content: ServerMachine.Options.ReadBlockContent

    init(_ content: ServerMachine.Options.ReadBlockContent) {
        self.content = content
    }

    /// Answers a request.
    mutating func answer(_ request: ReadRequest, limit: Int, _ names: ServedShortNames) -> [UInt8] {
        if request.variables.count == 1 {
            switch request.variables[0] {
            case .blockNumberAccess(let number): return next(after: number, limit)
            case .readDataBlockAccess(let isLast, let number, let octets):
                let block = OctetBlock(isLast: isLast, number: UInt32(number), rawData: octets)
                return take(block, limit, names)
            case .variableName, .parameterizedAccess, .writeDataBlockAccess: break
            }
        }
        self.request = nil
        return answer(request.variables, limit, names)
    }

    private mutating func answer(
        _ variables: [VariableAccess],
        _ limit: Int,
        _ names: ServedShortNames
    ) -> [UInt8] {
        answerBlocks = nil
        let mayList = names.client.conformance.contains(.multipleReferences)
        let results = variables.map { variable -> GetResult in
            guard variables.count == 1 || mayList else { return .failure(.otherReason) }
            switch variable {
            case .variableName(let name): return names.read(name, selection: nil)
            case .parameterizedAccess(let name, let selector, let parameter):
                return names.read(name, selection: SelectiveAccess(selector: selector, parameters: parameter))
            case .blockNumberAccess, .readDataBlockAccess, .writeDataBlockAccess: return .failure(.otherReason)
            }
        }
        var list = OctetWriter()
        list.writeLength(results.count)
        for result in results {
            result.encode(into: &list)
        }
        guard list.octets.count + 1 > limit else { return [0x0C] + list.octets }
        // Observed: clients that take blocks without having proposed them. Without blocks there is no answer at all.
        guard names.terms.conformance.contains(.blockTransferWithGetOrRead) else {
            var refusal = OctetWriter()
            refusal.writeLength(results.count)
            for _ in results { GetResult.failure(.otherReason).encode(into: &refusal) }
            return [0x0C] + refusal.octets
        }
        var blocks = OutgoingBlocks(list.octets)
        if content == .bareData, results.count == 1, case .data(let value) = results[0] {
            blocks = OutgoingBlocks(value)
        }
        return send(&blocks, limit)
    }

    private mutating func next(after number: UInt16, _ limit: Int) -> [UInt8] {
        guard var blocks = answerBlocks else { return failure(.noLongGetInProgress) }
        guard number == UInt16(truncatingIfNeeded: blocks.number) else {
            answerBlocks = nil
            return failure(.dataBlockNumberInvalid)
        }
        return send(&blocks, limit)
    }

    private mutating func send(_ blocks: inout OutgoingBlocks, _ limit: Int) -> [UInt8] {
        // Tag, count, choice, last-block, block number and a length of up to three octets.
        let octets = blocks.next(length: limit - 9)
        answerBlocks = blocks.isComplete ? nil : blocks
        let number = UInt16(truncatingIfNeeded: blocks.number)
        return ReadResponse([.dataBlock(isLast: blocks.isComplete, blockNumber: number, rawData: octets)]).octets
    }

    private mutating func take(_ block: OctetBlock, _ limit: Int, _ names: ServedShortNames) -> [UInt8] {
        guard names.client.conformance.contains(.blockTransferWithGetOrRead) else { return failure(.otherReason) }
        var blocks = request ?? ReceivedBlocks(())
        request = nil
        guard blocks.add(block) else { return failure(.dataBlockNumberInvalid) }
        guard block.isLast else {
            request = blocks
            return ReadResponse([.blockNumber(UInt16(truncatingIfNeeded: block.number))]).octets
        }
        guard let whole = try? ReadRequest(octets: [0x05] + blocks.octets) else { return failure(.typeUnmatched) }
        return answer(whole.variables, limit, names)
    }

    private func failure(_ reason: DataAccessResult) -> [UInt8] {
        ReadResponse([.failure(reason)]).octets
    }
}
