// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine

/// The clients that a simulated meter knows, by their address.
enum SimulatedClient: UInt16, CaseIterable, Sendable {
    /// Reads what everybody may see.
    case everybody = 16
    /// Reads, in clear or with any protection.
    case reader = 32
    /// Reads, writes and invokes, in clear or with any protection.
    case manager = 1
    /// Reads with authenticated messages only.
    case authenticatedReader = 33
    /// Reads with encrypted messages only.
    case encryptedReader = 34
    /// Reads with signed messages only; needs suite 1 or 2.
    case signingReader = 35
    /// Manages with authenticated and encrypted messages only.
    case protectedManager = 36

    init?(_ client: ServedClient) {
        self.init(rawValue: client.address.clientSAP)
    }

    /// Which association object describes it: the value group E of its logical name.
    var associationNumber: UInt8 {
        switch self {
        case .everybody: 1
        case .reader: 2
        case .manager: 3
        case .authenticatedReader: 4
        case .encryptedReader: 5
        case .signingReader: 6
        case .protectedManager: 7
        }
    }

    /// What it sees once it has proved who it is; the public client becomes a reader by the readers' password.
    var audience: Audience {
        switch self {
        case .everybody, .reader, .authenticatedReader, .encryptedReader, .signingReader: .readers
        case .manager, .protectedManager: .managers
        }
    }

    /// What each of its requests needs at least, whatever the security policy says; nil = the client has no keys.
    var requiredProtection: AppliedProtection? {
        switch self {
        case .everybody: nil
        case .reader, .manager: AppliedProtection.none
        case .protectedManager: AppliedProtection(isAuthenticated: true, isEncrypted: true)
        case .authenticatedReader: AppliedProtection(isAuthenticated: true, isEncrypted: false)
        case .encryptedReader: AppliedProtection(isAuthenticated: false, isEncrypted: true)
        case .signingReader: AppliedProtection(isAuthenticated: false, isEncrypted: false, isSigned: true)
        }
    }

    /// The mechanism that its association object names; most clients may choose others.
    var mechanism: AuthenticationMechanism {
        switch self {
        case .everybody: .lowest
        case .reader, .manager: .low
        case .protectedManager, .authenticatedReader, .encryptedReader: .highGMAC
        case .signingReader: .highECDSA
        }
    }
}
