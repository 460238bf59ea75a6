// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText

extension RouteTable {
    /// The path that a caller most likely meant: one of the patterns with the caller's own values in the place of parameters.
    func nearestPath(to segments: [String]) -> String? {
        var wanted = segments
        while wanted.last?.isEmpty == true { wanted.removeLast() }
        let path = "/" + wanted.joined(separator: "/")
        let candidates = routes.compactMap { route -> String? in
            guard route.pattern.segments.count == wanted.count else { return nil }
            let filled = zip(route.pattern.segments, wanted).map { pattern, given in
                if case .literal(let text) = pattern { text } else { given }
            }
            return "/" + filled.joined(separator: "/")
        }
        // A trailing slash too many is the nearest miss of all.
        return candidates.first { $0 == path } ?? nearest(path, in: candidates)
    }

    /// The pattern that goes on with one parameter where a path ends, with the caller's own values in the place of the others; nil
    /// when there is none.
    func patternBelow(_ segments: [String]) -> String? {
        for route in routes where route.method == .get && route.pattern.segments.count == segments.count + 1 {
            guard case .parameter(let name)? = route.pattern.segments.last else { continue }
            let fits = zip(route.pattern.segments, segments).allSatisfy { pattern, given in
                if case .literal(let text) = pattern { text == given } else { !given.isEmpty }
            }
            if fits { return "/" + (segments + ["{\(name)}"]).joined(separator: "/") }
        }
        return nil
    }
}
