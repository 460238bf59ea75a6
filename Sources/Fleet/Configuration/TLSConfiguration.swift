// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Whom a TLS connection trusts, and who it says that we are; files are PEM files of the gateway's machine.
public struct TLSConfiguration: Hashable, Sendable {
    /// The certificates of the authorities that are trusted; nil = those of the system.
    public var caFile: String?
    /// The name that the certificate of the other side must have; nil = the host.
    public var serverName: String?
    /// Our certificate, and those between it and its authority; nil = none.
    public var clientCertificateFile: String?
    /// The private key of our certificate.
    public var clientKeyFile: String?

    /// Trusts the authorities of the system and shows no certificate unless told otherwise.
    public init(
        caFile: String? = nil,
        serverName: String? = nil,
        clientCertificateFile: String? = nil,
        clientKeyFile: String? = nil
    ) {
        self.caFile = caFile
        self.serverName = serverName
        self.clientCertificateFile = clientCertificateFile
        self.clientKeyFile = clientKeyFile
    }
}
