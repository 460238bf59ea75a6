// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// A meter with seven attributes, which client 16 reads in clear and client 1 under authenticated encryption.
struct BenchmarkMeter: ObjectServer {
    static let plainClient: UInt16 = 16
    static let cipheredClient: UInt16 = 1
    static let clientTitle: [UInt8] = [0x4D, 0x4D, 0x4D, 0, 0, 0xBC, 0x61, 0x4E]
    static let serverTitle: [UInt8] = [0x4D, 0x4D, 0x4D, 0, 0, 0, 0, 1]
    static let blockCipherKey = Secret(Array(0..<16))
    static let authenticationKey = Secret(Array(0xD0..<0xE0))
    static let value = DLMSData.doubleLongUnsigned(1_234_567).octets
    static let attributes = (1...7).map { index in
        AttributeDescriptor(classID: 3, instanceID: OBISCode(1, 0, UInt8(index), 8, 0, 255), attributeID: 2)
    }

    private let counters = ServerInvocationCounters()

    func association(for client: ClientAddress) -> AssociationTerms? {
        switch client.clientSAP {
        case Self.plainClient: return AssociationTerms()
        case Self.cipheredClient:
            return AssociationTerms(
                security: ServerSecurity(
                    systemTitle: Self.serverTitle,
                    blockCipherKey: Self.blockCipherKey,
                    authenticationKey: Self.authenticationKey,
                    counters: counters
                )
            )
        default: return nil
        }
    }

    func get(_ request: AttributeRequest, for client: ServedClient) -> GetResult {
        .data(Self.value)
    }

    func set(_ request: AttributeRequest, to value: DLMSData, for client: ServedClient) -> DataAccessResult {
        .readWriteDenied
    }

    func invoke(_ method: MethodDescriptor, parameter: DLMSData?, for client: ServedClient) -> ActionOutcome {
        ActionOutcome(result: .readWriteDenied)
    }
}
