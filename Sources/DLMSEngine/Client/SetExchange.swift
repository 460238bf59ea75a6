// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// One SET request with its answer; a value too long for one APDU goes in blocks.
///
/// ```
///  normal ─────────────► awaiting ──normal──► finished
///  first-datablock ──► awaiting acknowledgement ──last-datablock──► finished
///                        ▲ │ datablock
///                        └─┘ next block
/// ```
struct SetExchange: Hashable, Sendable {
    private let write: AttributeWrite
    private let header: InvokeIDAndPriority
    private let limit: Int
    private let mayUseBlocks: Bool
    private var blocks: OutgoingBlocks?

    init(_ write: AttributeWrite, invokeID: UInt8, _ info: AssociationInfo) {
        self.write = write
        header = InvokeIDAndPriority(invokeID: invokeID)
        limit = info.requestLimit
        mayUseBlocks = info.conformance.contains(.blockTransferWithSetOrWrite)
    }

    /// The first request.
    mutating func start() -> ExchangeStep<DataAccessResult> {
        let whole = SetRequest.normal(header, write.request, write.value).octets
        guard whole.count > limit else { return .send(whole, awaiting: .setResponse) }
        // Tag, choice, invoke-id, attribute, last-block, block number and a length of up to three octets.
        let overhead = 11 + write.request.octets.count
        guard mayUseBlocks, limit > overhead else {
            return .failed(.requestTooLong(octets: whole.count, limit: limit))
        }
        var blocks = OutgoingBlocks(write.value.octets)
        let first = blocks.next(length: limit - overhead)
        self.blocks = blocks
        let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: first)
        return .send(
            SetRequest.withFirstDataBlock(header, write.request, block).octets,
            awaiting: .setBlockAcknowledgement
        )
    }

    /// Takes a set-response.
    mutating func received(_ apdu: [UInt8]) -> ExchangeStep<DataAccessResult> {
        do throws(DecodeError) {
            var reader = OctetReader(apdu)
            let response = try SetResponse(decoding: &reader)
            guard response.invoke.invokeID == header.invokeID else { return .ignored }
            return received(response)
        } catch {
            return .failed(.malformed(error, waitingFor: .setResponse))
        }
    }

    private mutating func received(_ response: SetResponse) -> ExchangeStep<DataAccessResult> {
        switch response {
        case .normal(_, let result), .lastDataBlock(_, let result, _): return finish(result)
        case .dataBlock(_, let number):
            guard var blocks, !blocks.isComplete else { return .failed(.blockTransfer(.notAcknowledged)) }
            guard number == blocks.number else {
                return .failed(.blockTransfer(.number(expected: blocks.number, received: number)))
            }
            let octets = blocks.next(length: limit - 11)
            self.blocks = blocks
            let block = OctetBlock(isLast: blocks.isComplete, number: blocks.number, rawData: octets)
            return .send(SetRequest.withDataBlock(header, block).octets, awaiting: .setBlockAcknowledgement)
        case .withList(_, let results), .lastDataBlockWithList(_, let results, _):
            guard results.count == 1 else { return .failed(.unexpectedAPDU(tag: 0xC5, waitingFor: .setResponse)) }
            return finish(results[0])
        }
    }

    /// Ends with a result, unless it is success before the last block has left, which cannot be about the value.
    ///
    /// Observed: servers that refuse with a normal response in the middle of a block transfer.
    private func finish(_ result: DataAccessResult) -> ExchangeStep<DataAccessResult> {
        guard result == .success, let blocks, !blocks.isComplete else { return .finished(result) }
        return .failed(.blockTransfer(.notAcknowledged))
    }
}
