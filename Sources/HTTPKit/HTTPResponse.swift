// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// One answer: status, header fields and a body that is complete, streamed, or a problem still to be written out.
public struct HTTPResponse: Sendable {
    /// What follows the header fields.
    public enum Body: Sendable {
        /// A complete body.
        case octets([UInt8])
        /// A body made piece by piece while it is sent.
        case stream(HTTPBodyStream)
        /// A problem, written as `application/problem+json` once the request it belongs to is known.
        ///
        /// Apart in memory, so that answers are small: they are copied often and few are problems.
        indirect case problem(Problem)
    }

    /// The status code.
    public var status: Int
    /// The header fields; length, date and connection handling are added by the server.
    public var headers: HTTPHeaders
    /// The body.
    public var body: Body
    /// The pattern of the route that answered, such as `/meters/{id}`, for metrics and log lines, never sent; nil if none did.
    public var route: String?
    /// What the route that answered needs of callers; nil if none did.
    public var access: RouteAccess?
    /// What gives this answer again to requests like the one it was made for; nil if only its handler can.
    public var standing: (any StandingAnswer)?

    /// Makes an answer.
    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .octets([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// An answer that reports a problem.
    public init(_ problem: Problem) {
        self.init(status: problem.status, headers: problem.headers, body: .problem(problem))
    }

    /// An answer without a body.
    public static func empty(_ status: Int = 204) -> HTTPResponse {
        HTTPResponse(status: status)
    }

    /// An answer with a body of the given media type.
    public static func octets(_ octets: [UInt8], type: String, status: Int = 200) -> HTTPResponse {
        var headers = HTTPHeaders()
        // Those that are added on the way out find their room.
        headers.reserveCapacity(8)
        headers.add("Content-Type", type)
        return HTTPResponse(status: status, headers: headers, body: .octets(octets))
    }

    /// An answer with plain text.
    public static func text(_ text: String, status: Int = 200) -> HTTPResponse {
        octets(Array(text.utf8), type: "text/plain; charset=utf-8", status: status)
    }

    /// An answer with JSON written by the closure.
    public static func json(
        status: Int = 200,
        reservingCapacity: Int = 512,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows -> HTTPResponse {
        var writer = JSONWriter(reservingCapacity: reservingCapacity)
        try write(&writer)
        return octets(writer.takeOctets(), type: "application/json", status: status)
    }

    /// An answer whose body is made while it is sent.
    public static func stream(
        type: String,
        status: Int = 200,
        _ produce: @escaping @Sendable (any HTTPBodyWriter) async throws -> Void
    ) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: HTTPHeaders([.init(name: "Content-Type", value: type)]),
            body: .stream(HTTPBodyStream(produce))
        )
    }

    /// The problem, if the answer still is one that is not written out.
    public var problem: Problem? {
        if case .problem(let problem) = body { problem } else { nil }
    }

    /// The answer with one more header field, replacing those of the same name.
    public func with(_ name: String, _ value: String) -> HTTPResponse {
        var copy = self
        copy.headers.set(name, value)
        return copy
    }

    /// The answer with a problem written out for its request; any other answer as it is.
    ///
    /// - Parameter typeBase: what stands before the problem's name in its `type`.
    public func rendered(for request: HTTPRequest, typeBase: String = Problem.defaultTypeBase) -> HTTPResponse {
        guard case .problem(let problem) = body else { return self }
        var copy = self
        copy.headers.set("Content-Type", "application/problem+json")
        if copy.headers["Cache-Control"] == nil { copy.headers.add("Cache-Control", "no-store") }
        copy.body = .octets(
            problem.octets(instance: String(request.rawPath), traceID: request.id, typeBase: typeBase)
        )
        return copy
    }
}
