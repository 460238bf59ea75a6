// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// All routes of the service: finds the row for a request, checks what the row declares, and turns failures into problems.
///
/// Answers by itself: 401 and 403 to who may not, 404 with the nearest path, 405 with Allow, OPTIONS, HEAD from GET, 400 for unknown query parameters,
/// 406, 413 and 415. A literal segment goes before a parameter.
public struct RouteTable: HTTPResponder {
    /// The rows in their order.
    public let routes: [Route]
    private let root: RouteNode
    private let basePath: [String]
    private let problem: @Sendable (any Error) -> Problem
    /// Longer bodies are handled elsewhere than on the thread that brought them: it serves all connections.
    private static let longBodyOctets = 256 << 10

    /// Makes a table.
    ///
    /// - Parameters:
    ///   - basePath: what stands before every path behind a reverse proxy, such as `/gateway`; empty for nothing.
    ///   - routes: the rows; no two may have the same method and pattern.
    ///   - problem: turns an error that is no ``Problem`` into one.
    public init(
        basePath: String = "",
        _ routes: [Route],
        problem: @escaping @Sendable (any Error) -> Problem = { _ in .internalFault }
    ) {
        self.routes = routes
        self.basePath = basePath.split(separator: "/").map(String.init)
        self.problem = problem
        let root = RouteNode.Builder()
        for route in routes { root.insert(route) }
        self.root = root.node
    }

    /// Refuses who may not reach the row that fits, and takes of others what the row declares.
    public func verdictAtHand(on head: HTTPRequest) -> HeadVerdict? {
        if let refusal = refusal(of: head) { return .refused(refusal) }
        return .taken(mostBodyOctets: route(for: head)?.maximumBodyOctets)
    }

    /// Whether there is a row that fits a request.
    public func hasRow(for request: HTTPRequest) -> Bool { route(for: request) != nil }

    private func route(for request: HTTPRequest) -> Route? {
        guard let target = try? HTTPTarget(request.rawTarget), target.segments.starts(with: basePath) else {
            return nil
        }
        var values: [String] = []
        guard let node = root.find(target.segments, basePath.count, &values) else { return nil }
        return node.routes[request.method] ?? (request.method == .head ? node.routes[.get] : nil)
    }

    /// The refusal of a request whose caller may not have what the row that fits it gives; nil when it may.
    public func refusal(of request: HTTPRequest) -> HTTPResponse? {
        guard let route = route(for: request), let problem = route.access.refusal(of: request.identity) else {
            return nil
        }
        var response = HTTPResponse(problem)
        response.route = route.pattern.text
        return response
    }

    /// Answers one request by the row that fits it.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        let target: HTTPTarget
        do {
            target = try HTTPTarget(request.rawTarget)
        } catch {
            return HTTPResponse(error.problem)
        }
        if target.isServerWide { return options(Set(routes.map(\.method))) }
        guard target.segments.starts(with: basePath) else { return notFound(target) }
        var values: [String] = []
        guard let node = root.find(target.segments, basePath.count, &values) else { return notFound(target) }
        guard let route = node.routes[request.method] ?? (request.method == .head ? node.routes[.get] : nil) else {
            var response =
                request.method == .options
                ? options(Set(node.routes.keys))
                : HTTPResponse(.methodNotAllowed(request.method, allowed: Self.allowed(Set(node.routes.keys))))
            response.route = node.pattern
            return response
        }
        var response = await answer(request, target: target, route: route, values: values)
        response.route = route.pattern.text
        response.access = route.access
        return response
    }

    private func answer(
        _ request: HTTPRequest,
        target: HTTPTarget,
        route: Route,
        values: [String]
    ) async -> HTTPResponse {
        do {
            if let refusal = route.access.refusal(of: request.identity) { throw refusal }
            let mediaType = try route.check(request, query: target.query)
            let routed = RoutedRequest(
                request: request,
                route: route,
                query: target.query,
                mediaType: mediaType,
                parameters: values
            )
            guard request.body.count > Self.longBodyOctets else { return try await route.handler(routed) }
            return try await withTaskExecutorPreference(globalConcurrentExecutor) { try await route.handler(routed) }
        } catch let problem as Problem {
            return HTTPResponse(problem)
        } catch {
            return HTTPResponse(problem(error))
        }
    }

    private func options(_ methods: Set<HTTPMethod>) -> HTTPResponse {
        HTTPResponse.empty().with("Allow", Self.allowed(methods).map(\.rawValue).joined(separator: ", "))
    }

    private static func allowed(_ methods: Set<HTTPMethod>) -> [HTTPMethod] {
        var all = methods.union([.options])
        if methods.contains(.get) { all.insert(.head) }
        return all.sorted { $0.rawValue < $1.rawValue }
    }

    private func notFound(_ target: HTTPTarget) -> HTTPResponse {
        HTTPResponse(
            .unknownPath(
                target.rawPath,
                nearest: nearestPath(to: target.segments),
                below: patternBelow(target.segments)
            )
        )
    }
}
