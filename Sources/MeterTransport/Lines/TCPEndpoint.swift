// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where a meter listens.
public struct TCPEndpoint: Hashable, Sendable {
    /// A name, or an IPv4 or IPv6 address.
    public var host: String
    /// The TCP port; 4059 is registered for DLMS/COSEM.
    public var port: Int

    /// Pairs host and port.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

extension TCPEndpoint: CustomStringConvertible {
    /// Host and port with a colon between, an IPv6 address in brackets.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
