// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import CMicroHTTPDShim

/// Why texts make no ``HTTPServerIdentity``.
public enum HTTPServerIdentityFault: Error, Hashable, Sendable {
    /// There is no certificate in the chain's text.
    case chainUnreadable
    /// There is no private key in the key's text.
    case keyUnreadable
    /// The private key is protected by a password.
    case keyEncrypted
    /// The private key belongs to another certificate.
    case keyOfAnother
    /// There is no certificate in the authorities' text.
    case authoritiesUnreadable
    /// GnuTLS does not take them, for want of memory or because of a key that is too weak.
    case failed
}

// Sendable without the compiler's proof: the handle is not changed after `init`, and GnuTLS lets any thread make sessions with
// credentials that are complete.
/// Who a server says that it is under TLS, and whose clients it knows.
public final class HTTPServerIdentity: @unchecked Sendable {
    /// When the server's certificate ends, seconds since 1970.
    public let expiresAt: Int64
    /// Whether clients are asked for certificates.
    let asksClients: Bool
    private let handle: OpaquePointer

    /// Makes an identity.
    ///
    /// - Parameters:
    ///   - chain: the server's certificate, then those between it and its authority; PEM.
    ///   - key: its private key, without a password; PEM.
    ///   - clientAuthorities: certificates by one of which those of clients have to be signed, PEM; nil asks clients for none.
    /// - Throws: ``HTTPServerIdentityFault``.
    public init(chain: [UInt8], key: [UInt8], clientAuthorities: [UInt8]? = nil) throws(HTTPServerIdentityFault) {
        var fault = microhttpd_identity_usable
        let handle = chain.withUnsafeBytes { chain in
            key.withUnsafeBytes { key in
                (clientAuthorities ?? []).withUnsafeBytes { authorities in
                    var text = MicroHTTPDText(start: authorities.baseAddress, length: authorities.count)
                    return withUnsafePointer(to: &text) { text in
                        microhttpd_identity(
                            MicroHTTPDText(start: chain.baseAddress, length: chain.count),
                            MicroHTTPDText(start: key.baseAddress, length: key.count),
                            clientAuthorities == nil ? nil : text,
                            &fault
                        )
                    }
                }
            }
        }
        guard let handle else { throw Self.fault(fault) }
        self.handle = handle
        asksClients = clientAuthorities != nil
        expiresAt = microhttpd_identity_end(handle)
    }

    deinit { microhttpd_identity_free(handle) }

    private static func fault(_ fault: MicroHTTPDIdentityFault) -> HTTPServerIdentityFault {
        switch fault {
        case microhttpd_chain_unreadable: .chainUnreadable
        case microhttpd_key_unreadable: .keyUnreadable
        case microhttpd_key_encrypted: .keyEncrypted
        case microhttpd_key_of_another: .keyOfAnother
        case microhttpd_authorities_unreadable: .authoritiesUnreadable
        default: .failed
        }
    }

    /// Gives a connection that was just opened this identity; false if it cannot have it.
    ///
    /// The identity has to live until the library is done with the connection.
    func use(on connection: OpaquePointer) -> Bool {
        microhttpd_use_identity(connection, handle) != 0
    }
}
