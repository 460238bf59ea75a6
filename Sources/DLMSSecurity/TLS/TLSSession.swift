// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// One side of a TLS connection, without any input or output of its own; used by one thread at a time.
public final class TLSSession {
    /// What is to be done after an event.
    public struct Output: Hashable, Sendable {
        /// Octets for the other side.
        public var send: [UInt8] = []
        /// Octets that came from the other side, in clear.
        public var received: [UInt8] = []
        /// Why the connection is over; nil while it is not.
        public var fault: TLSFault?
        /// Whether the other side has ended the connection.
        public var isEnded = false
    }

    private let context: TLSContext
    private let handle: OpaquePointer
    // Owned by the handle.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let name: String?
    /// Whether the handshake is done.
    public private(set) var isOpen = false

    // A macro of OpenSSL that Swift cannot read.
    private static let setServerName: Int32 = 55

    /// Makes the session of a client.
    ///
    /// - Parameters:
    ///   - context: trust and identity.
    ///   - serverName: the name or address that the certificate of the server must have.
    /// - Throws: `TLSFault.failed`.
    public convenience init(client context: TLSContext, serverName: String) throws(TLSFault) {
        try self.init(context, name: serverName)
        SSL_set_connect_state(handle)
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), serverName) == 1
        if !isAddress {
            ERR_clear_error()
            guard SSL_set1_host(handle, serverName) == 1 else { throw .failed(reason: "no name") }
            _ = serverName.withCString {
                SSL_ctrl(handle, Self.setServerName, 0, UnsafeMutableRawPointer(mutating: $0))
            }
        }
    }

    /// Makes the session of a server.
    ///
    /// - Throws: `TLSFault.failed`.
    public convenience init(server context: TLSContext) throws(TLSFault) {
        try self.init(context, name: nil)
        SSL_set_accept_state(handle)
    }

    private init(_ context: TLSContext, name: String?) throws(TLSFault) {
        guard let handle = SSL_new(context.handle) else { throw .failed(reason: "no session") }
        guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
            SSL_free(handle)
            throw .failed(reason: "no buffers")
        }
        SSL_set_bio(handle, incoming, outgoing)
        self.context = context
        self.handle = handle
        self.incoming = incoming
        self.outgoing = outgoing
        self.name = name
    }

    deinit { SSL_free(handle) }

    /// The connection below stands: a client says hello.
    public func connected() -> Output {
        advance()
    }

    /// Takes octets of the other side, in whatever pieces they come.
    public func received(_ octets: [UInt8]) -> Output {
        if !octets.isEmpty { BIO_write(incoming, octets, Int32(octets.count)) }
        return advance()
    }

    /// Seals octets for the other side; not before ``isOpen``.
    public func send(_ octets: [UInt8]) -> Output {
        guard isOpen, !octets.isEmpty else { return Output() }
        ERR_clear_error()
        let count = SSL_write(handle, octets, Int32(octets.count))
        return Output(send: takeOutgoing(), fault: count > 0 ? nil : fault())
    }

    /// Says goodbye.
    public func close() -> Output {
        ERR_clear_error()
        if isOpen { SSL_shutdown(handle) }
        return Output(send: takeOutgoing())
    }

    private func advance() -> Output {
        ERR_clear_error()
        var output = Output()
        if !isOpen {
            let result = SSL_do_handshake(handle)
            if result == 1 {
                isOpen = true
            } else if SSL_get_error(handle, result) != SSL_ERROR_WANT_READ {
                output.fault = fault()
            }
        }
        if isOpen { read(into: &output) }
        output.send = takeOutgoing()
        return output
    }

    private func read(into output: inout Output) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = SSL_read(handle, &buffer, Int32(buffer.count))
            if count > 0 {
                output.received += buffer[..<Int(count)]
                continue
            }
            switch SSL_get_error(handle, count) {
            case SSL_ERROR_WANT_READ: return
            case SSL_ERROR_ZERO_RETURN: output.isEnded = true
            default: output.fault = fault()
            }
            return
        }
    }

    private func takeOutgoing() -> [UInt8] {
        let count = BIO_ctrl_pending(outgoing)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, taken in
            taken = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(count))))
        }
    }

    /// What went wrong last.
    private func fault() -> TLSFault {
        let verification = Int32(truncatingIfNeeded: SSL_get_verify_result(handle))
        switch verification {
        case X509_V_OK: break
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: return .outOfDate
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return .wrongName(expected: name ?? "")
        default: return .notTrusted(reason: String(cString: X509_verify_cert_error_string(Int(verification))))
        }
        let code = ERR_get_error()
        ERR_clear_error()
        switch Int32(truncatingIfNeeded: code & 0x7F_FFFF) {
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_PACKET_LENGTH_TOO_LONG: return .notSpoken
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return .versionRefused
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
            SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
            SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
            SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, SSL_R_TLSV1_ALERT_UNKNOWN_CA, SSL_R_TLSV1_ALERT_ACCESS_DENIED:
            return .clientCertificateRefused
        default:
            let words = ERR_reason_error_string(code).map { String(cString: $0) }
            return .failed(reason: words ?? "error \(code)")
        }
    }
}
