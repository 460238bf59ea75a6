// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Which pages of other origins browsers may let use the API (the CORS protocol of the Fetch standard).
public struct CrossOriginPolicy: Hashable, Sendable {
    /// The origins, such as `https://dashboard.example`; compared octet by octet, without patterns.
    public let origins: Set<String>

    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE"
    private static let requestFields =
        "Authorization, Content-Type, Accept, Cache-Control, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
        + "Prefer, Priority, X-Request-Id, traceparent"
    private static let answerFields =
        "Location, ETag, Link, Age, Retry-After, RateLimit, RateLimit-Policy, WWW-Authenticate, X-Request-Id, Allow, "
        + "Server-Timing, Idempotency-Replayed, Preference-Applied"

    /// Makes a policy.
    public init(origins: Set<String>) { self.origins = origins }

    /// Whether a text is an origin: scheme, host and perhaps a port, as browsers send it.
    public static func isOrigin(_ text: String) -> Bool {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return false }
        let rest = text.dropFirst(scheme.count)
        return !rest.isEmpty
            && rest.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != 0x2F && $0 != 0x2A && !(0x41...0x5A).contains($0)
            }
    }

    /// The answer to the question of a browser whether it may send a request; nil when the request is none.
    func preflight(_ request: HTTPRequest) -> HTTPResponse? {
        guard request.method == .options, request.headers["Access-Control-Request-Method"] != nil, isListed(request)
        else { return nil }
        return HTTPResponse.empty()
            .with("Access-Control-Allow-Methods", Self.methods)
            .with("Access-Control-Allow-Headers", Self.requestFields)
            .with("Access-Control-Max-Age", "600")
    }

    /// Adds what lets a page of a listed origin see the answer.
    func apply(to headers: inout HTTPHeaders, _ request: HTTPRequest) {
        if !headers.list("Vary").contains(where: { HTTPHeaders.areEqual($0, "Origin") }) {
            headers.add("Vary", "Origin")
        }
        guard isListed(request), let origin = request.headers["Origin"] else { return }
        headers.set("Access-Control-Allow-Origin", origin)
        headers.set("Access-Control-Expose-Headers", Self.answerFields)
    }

    private func isListed(_ request: HTTPRequest) -> Bool {
        request.headers["Origin"].map(origins.contains) ?? false
    }
}
