// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Answers write-requests, also those that come in blocks.
struct ServerWrite: Sendable {
    private var long: ReceivedBlocks<Void>?

    /// Answers a request.
    mutating func answer(_ request: WriteRequest, _ names: ServedShortNames) -> WriteResponse {
        if case .writeDataBlockAccess(let isLast, let number)? = request.variables.first {
            guard request.variables.count == 1, case .octetString(let octets)? = request.data.first else {
                long = nil
                return WriteResponse([.failure(.typeUnmatched)])
            }
            return take(OctetBlock(isLast: isLast, number: UInt32(number), rawData: octets), names)
        }
        long = nil
        return write(request, names)
    }

    private func write(_ request: WriteRequest, _ names: ServedShortNames) -> WriteResponse {
        let mayList = names.client.conformance.contains(.multipleReferences)
        guard request.variables.count == request.data.count, request.variables.count == 1 || mayList else {
            return WriteResponse(request.variables.map { _ in .failure(.otherReason) })
        }
        return WriteResponse(
            zip(request.variables, request.data).map { variable, value in
                let result = write(variable, value, names)
                return result == .success ? .success : .failure(result)
            }
        )
    }

    private func write(
        _ variable: VariableAccess,
        _ value: DLMSData,
        _ names: ServedShortNames
    ) -> DataAccessResult {
        switch variable {
        case .variableName(let name): names.write(name, selection: nil, value)
        case .parameterizedAccess(let name, let selector, let parameters):
            names.write(name, selection: SelectiveAccess(selector: selector, parameters: parameters), value)
        case .blockNumberAccess, .readDataBlockAccess, .writeDataBlockAccess: .otherReason
        }
    }

    private mutating func take(_ block: OctetBlock, _ names: ServedShortNames) -> WriteResponse {
        guard names.client.conformance.contains(.blockTransferWithSetOrWrite) else {
            return WriteResponse([.failure(.otherReason)])
        }
        var blocks = long ?? ReceivedBlocks(())
        long = nil
        guard blocks.add(block) else { return WriteResponse([.failure(.dataBlockNumberInvalid)]) }
        guard block.isLast else {
            long = blocks
            return WriteResponse([.blockNumber(UInt16(truncatingIfNeeded: block.number))])
        }
        guard let whole = try? WriteRequest(octets: [0x06] + blocks.octets) else {
            return WriteResponse([.failure(.typeUnmatched)])
        }
        return write(whole, names)
    }
}
