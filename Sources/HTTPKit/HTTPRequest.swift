// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Traces

/// One request as received, body complete; immutable, and a class so that handing it on costs one count.
public final class HTTPRequest: Sendable {
    /// The method.
    public let method: HTTPMethod
    /// The target as sent, escapes and query included.
    public let rawTarget: String
    /// The header fields.
    public let headers: HTTPHeaders
    /// The body, decoded from chunks if it came in such.
    public let body: [UInt8]
    /// The address of the peer without its port, such as `192.0.2.7` or `2001:db8::7`; empty if unknown.
    public let remoteAddress: String
    /// What names this request in logs, problems and the `X-Request-Id` field: the caller's if well-formed, else made here.
    public let id: String
    /// What the certificate says that the client showed.
    public let clientCertificate: ClientCertificate
    /// What is known of who sent it.
    public let identity: CallerIdentity
    /// The trace that its caller makes it a part of, with the span of the gateway in it; nil without one.
    public let trace: TraceContext?

    /// Makes a request; the identifier is taken from its `X-Request-Id` field or made.
    public init(
        method: HTTPMethod,
        rawTarget: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: String = "",
        clientCertificate: ClientCertificate = .none,
        identity: CallerIdentity = .everybody
    ) {
        self.method = method
        self.rawTarget = rawTarget
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.clientCertificate = clientCertificate
        self.identity = identity
        id = RequestIdentifier.identifier(proposed: headers["X-Request-Id"])
        let parents = headers.all("traceparent")
        trace = parents.count == 1 ? TraceContext(traceparent: parents[0]) : nil
    }

    private init(
        _ request: HTTPRequest,
        identity: CallerIdentity? = nil,
        headers: HTTPHeaders? = nil,
        remoteAddress: String? = nil
    ) {
        method = request.method
        rawTarget = request.rawTarget
        self.headers = headers ?? request.headers
        trace = request.trace
        body = request.body
        self.remoteAddress = remoteAddress ?? request.remoteAddress
        clientCertificate = request.clientCertificate
        id = request.id
        self.identity = identity ?? request.identity
    }

    /// The same request, now that it is known who sent it.
    public func sent(by identity: CallerIdentity) -> HTTPRequest { HTTPRequest(self, identity: identity) }

    /// The same request, now that it is known which address it came from before another server sent it on.
    public func sent(from address: String) -> HTTPRequest { HTTPRequest(self, remoteAddress: address) }

    /// The same request with other header fields.
    public func with(_ headers: HTTPHeaders) -> HTTPRequest { HTTPRequest(self, headers: headers) }

    /// The path as sent, without the query.
    public var rawPath: Substring {
        rawTarget.utf8.firstIndex(of: UInt8(ascii: "?")).map { rawTarget[..<$0] } ?? rawTarget[...]
    }
}
