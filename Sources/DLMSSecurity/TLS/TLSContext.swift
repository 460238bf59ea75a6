// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COpenSSL

/// What sessions of TLS 1.2 or later have in common: trust and identity, read from files.
///
/// It is not changed after it was made, and OpenSSL lets any thread make sessions of a finished context, which counts its
/// references atomically: that is why it can be sent.
public final class TLSContext: @unchecked Sendable {
    // Only read after init.
    let handle: OpaquePointer

    // Macros of OpenSSL that Swift cannot read.
    private static let setMode: Int32 = 33
    private static let releaseBuffers = 0x10
    private static let setMinimumVersion: Int32 = 123

    /// Reads what a client needs; waits for files.
    ///
    /// - Throws: `TLSFault.fileUnusable`, `TLSFault.keyDoesNotFit`, `TLSFault.failed`.
    public convenience init(client settings: TLSSettings) throws(TLSFault) {
        try self.init(TLS_client_method())
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        if let file = settings.authorityFile {
            guard SSL_CTX_load_verify_locations(handle, file, nil) == 1 else { throw Self.unusable(file) }
        } else {
            SSL_CTX_set_default_verify_paths(handle)
        }
        if let identity = settings.identity { try use(identity) }
    }

    /// What a client needs that only wants to know whether somebody is there, and tells it nothing.
    ///
    /// - Throws: `TLSFault.failed`.
    public static func trustingAnybody() throws(TLSFault) -> TLSContext {
        let context = try TLSContext(TLS_client_method())
        SSL_CTX_set_verify(context.handle, SSL_VERIFY_NONE, nil)
        return context
    }

    /// Reads what a server needs; waits for files.
    ///
    /// - Parameters:
    ///   - identity: who the server says that it is.
    ///   - clientAuthorityFile: the authorities whose certificates clients must show; nil = clients need none.
    /// - Throws: `TLSFault.fileUnusable`, `TLSFault.keyDoesNotFit`, `TLSFault.failed`.
    public convenience init(server identity: TLSIdentity, clientAuthorityFile: String? = nil) throws(TLSFault) {
        try self.init(TLS_server_method())
        try use(identity)
        guard let file = clientAuthorityFile else { return }
        guard SSL_CTX_load_verify_locations(handle, file, nil) == 1 else { throw Self.unusable(file) }
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    private init(_ method: OpaquePointer?) throws(TLSFault) {
        guard let handle = SSL_CTX_new(method) else { throw .failed(reason: "no context") }
        self.handle = handle
        SSL_CTX_ctrl(handle, Self.setMinimumVersion, Int(TLS1_2_VERSION), nil)
        // An idle connection costs little without buffers.
        SSL_CTX_ctrl(handle, Self.setMode, Self.releaseBuffers, nil)
    }

    deinit { SSL_CTX_free(handle) }

    private func use(_ identity: TLSIdentity) throws(TLSFault) {
        guard SSL_CTX_use_certificate_chain_file(handle, identity.certificateFile) == 1 else {
            throw Self.unusable(identity.certificateFile)
        }
        ERR_clear_error()
        guard SSL_CTX_use_PrivateKey_file(handle, identity.keyFile, SSL_FILETYPE_PEM) == 1 else {
            // The key is checked against the certificate as soon as it is read.
            let library = ERR_peek_last_error() >> 23 & 0xFF
            ERR_clear_error()
            throw library == UInt(ERR_LIB_X509) ? .keyDoesNotFit(identity.keyFile) : .fileUnusable(identity.keyFile)
        }
    }

    private static func unusable(_ file: String) -> TLSFault {
        ERR_clear_error()
        return .fileUnusable(file)
    }
}
