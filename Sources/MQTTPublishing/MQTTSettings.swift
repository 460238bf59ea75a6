// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSSecurity

/// Where messages are published, and as whom.
public struct MQTTSettings: Hashable, Sendable {
    /// The broker.
    public var host: String
    /// Its port.
    public var port: UInt16
    /// Whether it is spoken to over TLS.
    public var isSecure: Bool
    /// A PEM file with the authorities that are trusted; nil = those of the system.
    public var authorityFile: String?
    /// The name to log in with; nil = none.
    public var user: String?
    /// The password to log in with.
    public var password: Secret?
    /// The name of this client, another one for each gateway.
    public var client: String
    /// What every topic begins with.
    public var prefix: String

    /// Makes settings.
    public init(
        host: String,
        port: UInt16,
        isSecure: Bool = false,
        authorityFile: String? = nil,
        user: String? = nil,
        password: Secret? = nil,
        client: String,
        prefix: String = "cosem-gateway"
    ) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
        self.authorityFile = authorityFile
        self.user = user
        self.password = password
        self.client = client
        self.prefix = prefix
    }

    /// Reads `mqtt://HOST`, `mqtts://HOST` or either with `:PORT`; nil for anything else.
    public init?(url: String, client: String) {
        guard let scheme = ["mqtts://", "mqtt://"].first(where: url.hasPrefix) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let isSecure = scheme == "mqtts://"
        var host = rest
        var port = isSecure ? UInt16(8883) : 1883
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let number = UInt16(rest[rest.index(after: colon)...]), number > 0 else { return nil }
            (host, port) = (rest[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains(where: { "/?#@ ".contains($0) }) else { return nil }
        self.init(host: String(host), port: port, isSecure: isSecure, client: client)
    }
}

/// Why nothing can be published.
public enum MQTTFault: Error, Hashable, Sendable {
    /// The library refused a setting, in its words.
    case refused(what: String, reason: String)
}
