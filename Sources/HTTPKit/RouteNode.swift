// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One place in the tree of path patterns.
struct RouteNode: Sendable {
    /// The rows that end here, by method.
    let routes: [HTTPMethod: Route]
    /// The pattern of the rows that end here.
    let pattern: String?
    private let literals: [String: RouteNode]
    /// The one below for any segment; boxed in an array because a struct cannot hold itself.
    private let parameter: [RouteNode]
    private let rest: [RouteNode]

    /// Finds the place for a path and collects the values of parameters on the way; a literal goes before a parameter.
    func find(_ segments: ArraySlice<String>, _ values: inout [String]) -> RouteNode? {
        guard let first = segments.first else { return routes.isEmpty ? nil : self }
        if let next = literals[first], let found = next.find(segments.dropFirst(), &values) { return found }
        if !first.isEmpty, let next = parameter.first {
            values.append(first)
            if let found = next.find(segments.dropFirst(), &values) { return found }
            values.removeLast()
        }
        guard let next = rest.first else { return nil }
        values.append(segments.joined(separator: "/"))
        return next
    }

    /// Builds the tree; used once, when the table is made.
    final class Builder {
        private var routes: [HTTPMethod: Route] = [:]
        private var pattern: String?
        private var literals: [String: Builder] = [:]
        private var parameter: Builder?
        private var rest: Builder?

        /// Puts a row in its place.
        func insert(_ route: Route) {
            insert(route, route.pattern.segments[...])
        }

        private func insert(_ route: Route, _ segments: ArraySlice<RoutePattern.Segment>) {
            guard let first = segments.first else {
                precondition(routes[route.method] == nil, "two routes for \(route.method) \(route.pattern)")
                routes[route.method] = route
                pattern = pattern ?? route.pattern.text
                return
            }
            below(first).insert(route, segments.dropFirst())
        }

        private func below(_ segment: RoutePattern.Segment) -> Builder {
            let existing: Builder? =
                switch segment {
                case .literal(let text): literals[text]
                case .parameter: parameter
                case .rest: rest
                }
            if let existing { return existing }
            let made = Builder()
            switch segment {
            case .literal(let text): literals[text] = made
            case .parameter: parameter = made
            case .rest: rest = made
            }
            return made
        }

        /// The finished tree.
        var node: RouteNode {
            RouteNode(
                routes: routes,
                pattern: pattern,
                literals: literals.mapValues(\.node),
                parameter: parameter.map { [$0.node] } ?? [],
                rest: rest.map { [$0.node] } ?? []
            )
        }
    }
}
