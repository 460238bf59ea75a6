// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText

/// A request together with the route that handles it: path parameters, checked query, chosen media type.
public struct RoutedRequest: Sendable {
    /// The request as received.
    public let request: HTTPRequest
    /// The route.
    public let route: Route
    /// The query parameters; each is one that the route declares.
    public let query: HTTPQuery
    /// The media type to answer with: one of those the route produces that the caller likes best.
    public let mediaType: String
    private let parameters: [String]

    init(request: HTTPRequest, route: Route, query: HTTPQuery, mediaType: String, parameters: [String]) {
        self.request = request
        self.route = route
        self.query = query
        self.mediaType = mediaType
        self.parameters = parameters
    }

    /// The method.
    public var method: HTTPMethod { request.method }
    /// The header fields.
    public var headers: HTTPHeaders { request.headers }
    /// The body.
    public var body: [UInt8] { request.body }
    /// What is known of who sent it.
    public var identity: CallerIdentity { request.identity }
    /// The identifier of the request.
    public var id: String { request.id }

    /// Checks that the caller may do what the route by itself does not ask for.
    ///
    /// - Throws: ``Problem`` `insufficient-scope`.
    public func require(_ scope: Scope) throws(Problem) {
        if let refusal = RouteAccess.scope(scope).refusal(of: identity) { throw refusal }
    }

    /// The value of a path parameter, unescaped; the route's pattern must have that name.
    public func parameter(_ name: String) -> String {
        guard let place = route.pattern.parameterNames.firstIndex(of: name) else {
            preconditionFailure("the pattern \(route.pattern) has no parameter \(name)")
        }
        return parameters[place]
    }

    /// The value of a path parameter as another type, such as an integer.
    ///
    /// - Throws: ``Problem`` `bad-parameter` if the text does not stand for one; `expected` completes "must be …".
    public func parameter<Value: LosslessStringConvertible>(
        _ name: String,
        as type: Value.Type,
        expected: String
    ) throws(Problem) -> Value {
        guard let value = Value(parameter(name)) else { throw .badParameter(name, expected: expected) }
        return value
    }

    /// The body as JSON.
    ///
    /// - Throws: ``Problem`` `malformed-json` with the place of the fault.
    public func json(limits: JSONLimits = .default) throws(Problem) -> JSONValue {
        do {
            return try JSONReader.parse(request.body, limits: limits)
        } catch {
            throw .malformedJSON(error)
        }
    }

    /// Reads the body as one JSON object with exactly the members that the closure asks for.
    ///
    /// - Throws: ``Problem`` `malformed-json`, `unknown-field` or `bad-parameter`, and what the closure throws.
    public func members<Value>(
        limits: JSONLimits = .default,
        _ read: (inout JSONMembers) throws -> Value
    ) throws -> Value {
        try members(of: json(limits: limits), read)
    }

    /// Reads a body that was parsed as one JSON object with exactly the members that the closure asks for.
    ///
    /// - Throws: ``Problem`` `unknown-field` or `bad-parameter`, and what the closure throws.
    public func members<Value>(of body: JSONValue, _ read: (inout JSONMembers) throws -> Value) throws -> Value {
        do {
            var members = try JSONMembers(body)
            let value = try read(&members)
            try members.finish()
            return value
        } catch let error as JSONMemberError {
            throw Problem.unexpectedMember(error)
        }
    }
}
