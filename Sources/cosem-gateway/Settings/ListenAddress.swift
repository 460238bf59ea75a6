// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A host and a port to listen on: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or `:8080` for every IPv4 address.
struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address, without brackets.
    let host: String
    /// The TCP port; 0 lets the system choose one.
    let port: UInt16

    /// Parses the text; nil when it is not `host:port` with a numeric host or `localhost`.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        switch host {
        case "": host = "0.0.0.0"
        case "localhost": host = "127.0.0.1"
        default: break
        }
        self.host = host
        self.port = port
    }

    /// Makes the address from its parts.
    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Only callers on this machine reach the address.
    var isLoopback: Bool { host == "::1" || host.hasPrefix("127.") }

    /// The address as the authority of a URL.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
