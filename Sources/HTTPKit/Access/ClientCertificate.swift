// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What the certificate says that a client showed when its connection was opened.
public enum ClientCertificate: Hashable, Sendable {
    /// It showed none.
    case none
    /// The certificate is signed by an authority of the server's and valid now; these are the names in it.
    case named([String])
    /// It proves nothing; `reason` is told to the client, without quotes and backslashes.
    case refused(reason: String)
}
