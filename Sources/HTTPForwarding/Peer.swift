// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where another server is: `http://host:port`, or `https://host:port` under TLS.
struct Peer {
    /// The name or address, without brackets; under TLS the certificate has to be for it.
    let host: String
    /// The TCP port.
    let port: Int
    /// Whether TLS is spoken.
    let isSecure: Bool
    /// Host and port as they stand in the address.
    let authority: String

    /// Reads an address; nil for anything else.
    init?(_ address: String) {
        guard let scheme = ["http://", "https://"].first(where: address.hasPrefix) else { return nil }
        let authority = address.dropFirst(scheme.count).prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"), let port = UInt16(authority[authority.index(after: colon)...]),
            port > 0
        else { return nil }
        var host = authority[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = Int(port)
        self.authority = String(authority)
        isSecure = scheme == "https://"
    }
}
