// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import DLMSSecurity

/// The associations a meter offers: who may come, and what each sees.
enum AssociationObjects {
    static let publicClient: UInt16 = 16
    static let readingClient: UInt16 = 32
    static let managingClient: UInt16 = 1
    static let logicalDevice: UInt16 = 1
    static let current = OBISCode(0, 0, 40, 0, 0, 255)

    static let all: [ObjectDefinition] = [
        association(0, client: { $0.address.clientSAP }),
        association(1, client: { _ in publicClient }),
        association(2, client: { _ in readingClient }),
        association(3, client: { _ in managingClient }),
        ObjectDefinition(
            17,
            OBISCode(0, 0, 41, 0, 0, 255),
            [
                .value(2, .everyone) { meter in
                    let name = Array(meter.identity.logicalDeviceName.utf8)
                    return .array([.structure([.longUnsigned(logicalDevice), .octetString(name)])])
                }
            ]
        ),
    ]

    /// What a client may see; the public one sees what readers see if it gives their password.
    static func audience(of client: ServedClient) -> Audience? {
        switch client.address.clientSAP {
        case publicClient: client.isAuthenticated ? .readers : .everyone
        case readingClient: .readers
        case managingClient: .managers
        default: nil
        }
    }

    /// Who sees what an association lists; the current one lists what the client itself may see.
    static func audience(ofAssociation name: OBISCode, own: Audience) -> Audience {
        switch name.e {
        case 1: .everyone
        case 2: .readers
        case 3: .managers
        default: own
        }
    }

    /// Class 15, version 1.
    private static func association(
        _ e: UInt8,
        client: @escaping @Sendable (ServedClient) -> UInt16
    ) -> ObjectDefinition {
        // Everybody sees the own association, readers the others too.
        let audience: Audience = e == 0 ? .everyone : .readers
        return ObjectDefinition(
            15,
            version: 1,
            OBISCode(0, 0, 40, 0, e, 255),
            [
                // Made by the object table, which knows the access rights of each client.
                .constant(2, .array([]), audience),
                .value(3, audience) {
                    .structure([.integer(Int8(clamping: client($0.client))), .longUnsigned(logicalDevice)])
                },
                .constant(4, .octetString([0x60, 0x85, 0x74, 0x05, 0x08, 0x01, 0x01]), audience),
                .value(5, audience) { meter in
                    .structure([
                        .bitString(conformance(meter, isCurrent: e == 0)), .longUnsigned(meter.options.maxPDUSize),
                        .longUnsigned(meter.options.maxPDUSize), .unsigned(6), .integer(0), .octetString([]),
                    ])
                },
                .value(6, audience) { meter in
                    let usual: AuthenticationMechanism = e == 1 ? .lowest : .low
                    let mechanism = e == 0 ? meter.client.mechanism : usual
                    return .octetString(mechanism.identifier.octets)
                },
                AttributeDefinition(
                    index: 7,
                    audience: .nobody,
                    read: { _ in .octetString([]) },
                    write: { state, data, meter in
                        guard case .octetString(let password) = data else { return .typeUnmatched }
                        guard (1...64).contains(password.count) else { return .otherReason }
                        state.security.passwords[client(meter.client)] = Secret(password)
                        return .success
                    }
                ),
                .value(8, audience) {
                    .enumeration(client($0.client) == $0.client.address.clientSAP ? 2 : 0)
                },
                .constant(9, .octetString(OBISCode(0, 0, 43, 0, 0, 255).octets), audience),
            ],
            methods: [
                MethodDefinition(index: 2) { state, parameter, meter in
                    guard case .octetString(let secret)? = parameter else { return .typeUnmatched }
                    guard client(meter.client) == managingClient, secret.count == 16 else { return .otherReason }
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
