// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Whom a TLS client trusts, and who it says that it is; the files are PEM files.
public struct TLSSettings: Hashable, Sendable {
    /// The certificates of the authorities that are trusted; nil = those of the system.
    public var authorityFile: String?
    /// The name or address that the certificate of the server must have; nil = the host that was called.
    public var serverName: String?
    /// Our certificate, with those between it and its authority, and its private key; nil = none is shown.
    public var identity: TLSIdentity?

    /// Trusts the authorities of the system and shows no certificate unless told otherwise.
    public init(authorityFile: String? = nil, serverName: String? = nil, identity: TLSIdentity? = nil) {
        self.authorityFile = authorityFile
        self.serverName = serverName
        self.identity = identity
    }
}

/// A certificate and its private key, in PEM files.
public struct TLSIdentity: Hashable, Sendable {
    /// The certificate, with those between it and its authority after it.
    public var certificateFile: String
    /// The private key, without a password.
    public var keyFile: String

    /// Pairs certificate and key.
    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
