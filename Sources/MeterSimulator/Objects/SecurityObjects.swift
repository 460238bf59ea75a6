// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// Security setups (class 64) in both versions, over the same keys, and the invocation counter.
enum SecurityObjects {
    static let setup = OBISCode(0, 0, 43, 0, 0, 255)
    static let olderSetup = OBISCode(0, 0, 43, 0, 1, 255)

    static let all: [ObjectDefinition] = [
        ObjectDefinition(
            64,
            version: 1,
            setup,
            [
                .value(2) { .enumeration(bits(of: $0.state.security.required)) },
                .value(3) { .enumeration($0.state.security.suite.rawValue) },
                .value(4) { .octetString($0.client.systemTitle ?? []) },
                .value(5, .everyone) { .octetString($0.identity.systemTitle) },
                .value(6) { meter in .array(meter.state.security.certificates.map(\.info.data)) },
            ],
            methods: [
                MethodDefinition(index: 1) { state, parameter, _ in
                    guard case .enumeration(let bits)? = parameter else { return .typeUnmatched }
                    return state.security.require(protection(ofBits: bits))
                },
                MethodDefinition(index: 2) { state, parameter, _ in state.security.transfer(parameter) },
                MethodDefinition(returning: 3) { state, parameter, meter in
                    state.security.agree(
                        parameter,
                        clientTitle: meter.client.systemTitle,
                        systemTitle: meter.identity.systemTitle
                    )
                },
                MethodDefinition(index: 4) { state, parameter, _ in state.security.generateKeyPair(parameter) },
                MethodDefinition(returning: 5) { state, parameter, meter in
                    state.security.certificateRequest(parameter, systemTitle: meter.identity.systemTitle)
                },
                MethodDefinition(index: 6) { state, parameter, meter in
                    state.security.importCertificate(parameter, systemTitle: meter.identity.systemTitle)
                },
                MethodDefinition(returning: 7) { state, parameter, _ in state.security.exportCertificate(parameter) },
                MethodDefinition(index: 8) { state, parameter, _ in state.security.removeCertificate(parameter) },
            ]
        ),
        ObjectDefinition(
            64,
            olderSetup,
            [
                .value(2) { meter in
                    let required = meter.state.security.required
                    return .enumeration((required.isAuthenticated ? 1 : 0) | (required.isEncrypted ? 2 : 0))
                },
                .value(3) { .enumeration($0.state.security.suite.rawValue) },
                .value(4) { .octetString($0.client.systemTitle ?? []) },
                .value(5, .everyone) { .octetString($0.identity.systemTitle) },
            ],
            methods: [
                MethodDefinition(index: 1) { state, parameter, _ in
                    guard case .enumeration(let policy)? = parameter else { return .typeUnmatched }
                    guard policy <= 3 else { return .otherReason }
                    return state.security.require(
                        AppliedProtection(isAuthenticated: policy & 1 != 0, isEncrypted: policy & 2 != 0)
                    )
                },
                MethodDefinition(index: 2) { state, parameter, _ in state.security.transfer(parameter) },
            ]
        ),
        .data(OBISCode(0, 0, 43, 1, 0, 255), .everyone) { meter in
            .doubleLongUnsigned(meter.state.security.counters.highest)
        },
    ]

    /// Bits 2 and 3 are of requests, 5 and 6 of answers (security_policy of version 1).
    private static func bits(of required: AppliedProtection) -> UInt8 {
        (required.isAuthenticated ? 0x24 : 0) | (required.isEncrypted ? 0x48 : 0)
    }

    private static func protection(ofBits bits: UInt8) -> AppliedProtection {
        AppliedProtection(isAuthenticated: bits & 0x04 != 0, isEncrypted: bits & 0x08 != 0)
    }
}
