// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Keeps web pages of others from using the API through the browser of somebody who may.
///
/// Where a caller shows a key, the browser asks before a page of another origin may send it. Where nobody is asked who it is, or
/// the browser shows a certificate by itself, only what the browser tells of the page stands against it: the name that it
/// believes the gateway to have (`Host`, which betrays a page whose own name leads here), and where the page is from
/// (`Origin` and `Sec-Fetch-Site`).
struct PagePolicy: Sendable {
    /// Origins whose pages may.
    let origins: Set<String>

    /// Why a request is not answered; nil when it is.
    func refusal(of request: HTTPRequest, by identity: CallerIdentity) -> Problem? {
        guard request.headers["Authorization"] == nil else { return nil }
        let host = request.headers["Host"] ?? ""
        if case .everybody = identity, !isOwn(host) {
            return .foreignPage("The host '\(host)' is not known to be a name of the gateway.")
        }
        guard request.method != .get, request.method != .head, request.method != .options else { return nil }
        if let origin = request.headers["Origin"] {
            guard !origins.contains(origin) else { return nil }
            let authority = origin.split(separator: "/", maxSplits: 1).dropFirst().first?.drop { $0 == "/" } ?? ""
            guard Self.plain(String(authority)) == Self.plain(host) else {
                return .foreignPage("Pages of the origin '\(origin)' may not change anything here.")
            }
        }
        switch request.headers["Sec-Fetch-Site"] {
        case "cross-site", "same-site": return .foreignPage("Pages of other origins may not change anything here.")
        default: return nil
        }
    }

    /// Whether a host cannot be the name of a page somewhere else.
    ///
    /// Addresses are nobody's name, and names without a dot are given on this network only.
    private func isOwn(_ host: String) -> Bool {
        var name = Self.name(in: host)
        if name.hasPrefix("[") { return true }
        if name.hasSuffix(".") { name.removeLast() }
        if !name.contains(".") || name.hasSuffix(".localhost") { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count == 4, parts.allSatisfy({ UInt8($0) != nil }) { return true }
        return origins.contains { Self.name(in: $0.drop { $0 != "/" }.drop { $0 == "/" }) == name }
    }

    /// The host without its port, in small letters.
    private static func name(in authority: some StringProtocol) -> String {
        let end =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
        return authority[..<(end ?? authority.endIndex)].lowercased()
    }

    /// An authority in small letters and without the ports that schemes have by themselves.
    private static func plain(_ authority: String) -> String {
        let text = authority.lowercased()
        for port in [":80", ":443"] where text.hasSuffix(port) { return String(text.dropLast(port.count)) }
        return text
    }
}
