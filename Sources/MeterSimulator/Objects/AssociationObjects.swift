// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// The associations a meter offers: who may come, and what each sees.
enum AssociationObjects {
    static let logicalDevice: UInt16 = 1
    static let current = OBISCode(0, 0, 40, 0, 0, 255)

    static let all: [ObjectDefinition] =
        [association(of: nil)] + SimulatedClient.allCases.map { association(of: $0) } + [
            ObjectDefinition(
                17,
                OBISCode(0, 0, 41, 0, 0, 255),
                [
                    .value(2, .everyone) { meter in
                        let name = Array(meter.identity.logicalDeviceName.utf8)
                        return .array([.structure([.longUnsigned(logicalDevice), .octetString(name)])])
                    }
                ]
            )
        ]

    /// What a client may see; the public one sees what readers see if it gives their password.
    static func audience(of client: ServedClient) -> Audience? {
        guard let known = SimulatedClient(client) else { return nil }
        return known == .everybody && !client.isAuthenticated ? .everyone : known.audience
    }

    /// Who sees what an association lists; the current one lists what the client itself may see.
    static func audience(ofAssociation name: OBISCode, own: Audience) -> Audience {
        guard let client = SimulatedClient.allCases.first(where: { $0.associationNumber == name.e }) else { return own }
        return client == .everybody ? .everyone : client.audience
    }

    /// Class 15, version 1, of a client; nil = of the client that asks.
    private static func association(of client: SimulatedClient?) -> ObjectDefinition {
        // Everybody sees the own association, readers the others too.
        let audience: Audience = client == nil ? .everyone : .readers
        return ObjectDefinition(
            15,
            version: 1,
            OBISCode(0, 0, 40, 0, client?.associationNumber ?? 0, 255),
            [
                // Made by the object table, which knows the access rights of each client.
                .constant(2, .array([]), audience),
                .value(3, audience) { meter in
                    let address = client?.rawValue ?? meter.client.address.clientSAP
                    return .structure([.integer(Int8(clamping: address)), .longUnsigned(logicalDevice)])
                },
                .value(4, audience) { meter in
                    let protection = client.map { $0.requiredProtection ?? .none } ?? meter.client.protection
                    return .octetString([0x60, 0x85, 0x74, 0x05, 0x08, 0x01, protection == .none ? 1 : 3])
                },
                .value(5, audience) { meter in
                    .structure([
                        .bitString(conformance(meter, isCurrent: client == nil)),
                        .longUnsigned(meter.options.maxPDUSize), .longUnsigned(meter.options.maxPDUSize),
                        .unsigned(6), .integer(0), .octetString([]),
                    ])
                },
                .value(6, audience) { meter in
                    .octetString((client?.mechanism ?? meter.client.mechanism).identifier.octets)
                },
                AttributeDefinition(
                    index: 7,
                    audience: .nobody,
                    read: { _ in .octetString([]) },
                    write: { state, data, meter in
                        guard case .octetString(let password) = data else { return .typeUnmatched }
                        guard (1...64).contains(password.count) else { return .otherReason }
                        state.security.passwords[client?.rawValue ?? meter.client.address.clientSAP] = Secret(password)
                        return .success
                    }
                ),
                .value(8, audience) { meter in
                    .enumeration(client == nil || client == SimulatedClient(meter.client) ? 2 : 0)
                },
                .constant(9, .octetString(OBISCode(0, 0, 43, 0, 0, 255).octets), audience),
            ],
            methods: [
                MethodDefinition(index: 2) { state, parameter, meter in
                    guard case .octetString(let secret)? = parameter else { return .typeUnmatched }
                    guard (client ?? SimulatedClient(meter.client))?.audience == .managers, secret.count == 16 else {
                        return .otherReason
                    }
                    state.security.secret = Secret(secret)
                    return .success
                }
            ]
        )
    }

    private static func conformance(_ meter: MeterSnapshot, isCurrent: Bool) -> BitString {
        let bits = isCurrent ? meter.client.conformance : AssociationSettings.standardConformance
        return BitString(
            count: 24,
            packedOctets: [
                UInt8(truncatingIfNeeded: bits.rawValue >> 16), UInt8(truncatingIfNeeded: bits.rawValue >> 8),
                UInt8(truncatingIfNeeded: bits.rawValue),
            ]
        )
    }
}
