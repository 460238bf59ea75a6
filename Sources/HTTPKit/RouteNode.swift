// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One place in the tree of path patterns.
final class RouteNode: Sendable {
    /// The rows that end here, by method.
    let routes: [HTTPMethod: Route]
    /// The pattern of the rows that end here.
    let pattern: String?
    private let literals: [String: RouteNode]
    private let parameter: RouteNode?
    private let rest: RouteNode?

    private init(
        routes: [HTTPMethod: Route],
        pattern: String?,
        literals: [String: RouteNode],
        parameter: RouteNode?,
        rest: RouteNode?
    ) {
        self.routes = routes
        self.pattern = pattern
        self.literals = literals
        self.parameter = parameter
        self.rest = rest
    }

    /// Finds the place for a path from its `index`th segment on and collects the values of parameters on the way; a literal goes
    /// before a parameter.
    func find(_ segments: [String], _ index: Int, _ values: inout [String]) -> RouteNode? {
        guard index < segments.count else { return routes.isEmpty ? nil : self }
        let segment = segments[index]
        if !literals.isEmpty, let next = literals[segment], let found = next.find(segments, index + 1, &values) {
            return found
        }
        if let parameter, !segment.isEmpty {
            values.append(segment)
            if let found = parameter.find(segments, index + 1, &values) { return found }
            values.removeLast()
        }
        guard let rest else { return nil }
        values.append(segments[index...].joined(separator: "/"))
        return rest
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
                parameter: parameter?.node,
                rest: rest?.node
            )
        }
    }
}
