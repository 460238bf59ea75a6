// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One row of the route table: a method and a path pattern, what the route takes, and who handles it.
///
/// Immutable, and a class so that finding a row copies nothing.
public final class Route: Sendable {
    /// Answers a request; what it throws becomes a problem.
    public typealias Handler = @Sendable (RoutedRequest) async throws -> HTTPResponse

    /// The method; a route for GET also answers HEAD.
    public let method: HTTPMethod
    /// The pattern of the path.
    public let pattern: RoutePattern
    /// The operation's name, such as `readAttribute`.
    public let name: String
    /// The query parameters it knows; any other is refused.
    public let query: [String]
    /// The media types of bodies it takes; any other is refused; empty means that a body is ignored.
    public let consumes: [String]
    /// The media types it can answer with, the preferred one first.
    public let produces: [String]
    /// The longest body in octets; nil means as much as the server takes.
    public let maximumBodyOctets: Int?
    /// What a caller needs to reach the handler.
    public let access: RouteAccess
    /// Who handles it.
    public let handler: Handler

    /// Makes a row.
    ///
    /// - Parameters:
    ///   - scope: what a caller has to be allowed; who forgets to say makes a row for administrators.
    ///   - access: what a caller needs where that is no single scope.
    public init(
        _ method: HTTPMethod,
        _ pattern: String,
        name: String,
        query: [String] = [],
        consumes: [String] = [],
        produces: [String] = ["application/json"],
        maximumBodyOctets: Int? = nil,
        scope: Scope = .admin,
        access: RouteAccess? = nil,
        handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = RoutePattern(pattern)
        self.name = name
        self.query = query
        self.consumes = consumes
        self.produces = produces
        self.maximumBodyOctets = maximumBodyOctets
        self.access = access ?? .scope(scope)
        self.handler = handler
    }

    /// The same row with another handler, which may call this one's.
    public func handled(by handler: @escaping Handler) -> Route {
        Route(
            method,
            pattern.text,
            name: name,
            query: query,
            consumes: consumes,
            produces: produces,
            maximumBodyOctets: maximumBodyOctets,
            access: access,
            handler: handler
        )
    }

    /// Checks what the row declares, before the handler runs.
    ///
    /// - Returns: the media type to answer with.
    func check(_ request: HTTPRequest, query: HTTPQuery) throws(Problem) -> String {
        for item in query.items where !self.query.contains(item.name) {
            throw .unknownParameter(item.name, known: self.query)
        }
        if let maximumBodyOctets, request.body.count > maximumBodyOctets {
            throw .bodyTooLarge(limit: maximumBodyOctets)
        }
        if !request.body.isEmpty, !consumes.isEmpty {
            let type = request.headers["Content-Type"]
            guard let type, consumes.contains(MediaType.essence(of: type)) else {
                throw .unsupportedMediaType(type, supported: consumes)
            }
        }
        guard let type = MediaType.best(of: produces, for: request.headers) else {
            throw .notAcceptable(supported: produces)
        }
        return type
    }
}
