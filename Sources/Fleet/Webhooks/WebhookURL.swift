// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where webhooks go: an absolute URL with `https` or `http`, without user, password and fragment.
public struct WebhookURL: Hashable, Sendable {
    /// The URL as it was given.
    public let text: String
    /// Whether it is called over TLS.
    public let isSecure: Bool
    /// The host name, or the address without brackets.
    public let host: String
    /// The port.
    public let port: Int
    /// Path and query.
    public let target: String

    /// Takes a URL of up to 2000 printable ASCII characters; nil for any other text.
    public init?(_ text: String) {
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else { return nil }
        let scheme = text.prefix { $0 != ":" }.lowercased()
        guard scheme == "https" || scheme == "http", text.dropFirst(scheme.count).hasPrefix("://"),
            !text.contains("#")
        else { return nil }
        let rest = text.dropFirst(scheme.count + 3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@"), let (host, port) = Self.endpoint(authority) else { return nil }
        let target = rest.dropFirst(authority.count)
        isSecure = scheme == "https"
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
        self.text = text
    }

    /// Host and port of `host`, `host:port` or `[address]:port`.
    private static func endpoint(_ authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var port: Int?
        if let close = authority.lastIndex(of: "]"), authority.hasPrefix("[") {
            host = authority[authority.index(after: authority.startIndex)..<close]
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":"), host.contains(":") else { return nil }
            if !rest.isEmpty {
                guard let number = UInt16(rest.dropFirst()), number > 0 else { return nil }
                port = Int(number)
            }
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
            port = Int(number)
        }
        guard TextCheck.isHost(String(host)), !host.contains("%"),
            !host.contains(where: { $0 == ":" }) || authority.hasPrefix("[")
        else { return nil }
        return (String(host), port)
    }
}

extension WebhookURL: CustomStringConvertible {
    /// The URL without its query, which may hold a token.
    public var description: String { String(text.prefix { $0 != "?" }) }
}
