// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// One association that may be opened with a meter.
public struct AssociationConfiguration: Hashable, Sendable {
    /// The client's address: the HDLC client address, or the client's port in the wrapper; 16 is the public client.
    public var clientAddress: UInt16
    /// How the client proves who it is.
    public var authentication: Authentication
    /// How messages are protected; nil leaves them in clear.
    public var security: SecurityConfiguration?
    /// The number of the user, sent as calling AE invocation id; nil sends none.
    public var userID: UInt8?
    /// Whether the association exists without being opened, so that nothing is sent before the first request.
    public var isPreEstablished: Bool

    /// Makes an association; by default the public client without authentication.
    public init(
        clientAddress: UInt16 = 16,
        authentication: Authentication = .none,
        security: SecurityConfiguration? = nil,
        userID: UInt8? = nil,
        isPreEstablished: Bool = false
    ) {
        self.clientAddress = clientAddress
        self.authentication = authentication
        self.security = security
        self.userID = userID
        self.isPreEstablished = isPreEstablished
    }
}

extension AssociationConfiguration {
    /// How the client proves who it is (Green Book, authentication mechanisms).
    public enum Authentication: Hashable, Sendable {
        /// Not at all: lowest level security.
        case none
        /// By sending a password: low level security.
        case low(Secret)
        /// By a secret in the manufacturer's own way.
        case high(Secret)
        /// By an MD5 digest over challenge and secret.
        case md5(Secret)
        /// By a SHA-1 digest over challenge and secret.
        case sha1(Secret)
        /// By a GMAC over challenges with the keys of the security block.
        case gmac
        /// By a SHA-256 digest over challenges, titles and secret.
        case sha256(Secret)
        /// By an ECDSA signature.
        case ecdsa

        /// The mechanism without its secret.
        public var mechanism: Mechanism {
            switch self {
            case .none: .none
            case .low: .low
            case .high: .high
            case .md5: .md5
            case .sha1: .sha1
            case .gmac: .gmac
            case .sha256: .sha256
            case .ecdsa: .ecdsa
            }
        }

        /// The password or shared secret, if the mechanism has one.
        public var secret: Secret? {
            switch self {
            case .low(let secret), .high(let secret), .md5(let secret), .sha1(let secret), .sha256(let secret): secret
            case .none, .gmac, .ecdsa: nil
            }
        }
    }

    /// The names of the mechanisms; the number in the AARQ is the case's place in this order.
    public enum Mechanism: String, CaseIterable, Hashable, Sendable {
        /// Lowest level security, mechanism 0.
        case none
        /// Low level security, mechanism 1.
        case low
        /// High level security of the manufacturer, mechanism 2.
        case high
        /// High level security with MD5, mechanism 3.
        case md5
        /// High level security with SHA-1, mechanism 4.
        case sha1
        /// High level security with GMAC, mechanism 5.
        case gmac
        /// High level security with SHA-256, mechanism 6.
        case sha256
        /// High level security with ECDSA, mechanism 7.
        case ecdsa
    }
}
