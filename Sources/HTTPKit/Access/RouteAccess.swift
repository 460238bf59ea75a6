// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a caller needs to reach the handler of a route.
public enum RouteAccess: Hashable, Sendable {
    /// Nothing: anybody may.
    case open
    /// Credentials, whatever they allow.
    case authenticated
    /// A scope.
    case scope(Scope)
    /// One of several scopes; the handler looks which of them is needed this time.
    case anyScope([Scope])

    /// Why a caller may not; nil when it may.
    public func refusal(of identity: CallerIdentity) -> Problem? {
        switch (self, identity) {
        case (.open, _), (_, .everybody): nil
        case (_, .refused(let problem)): problem
        case (_, .anonymous): .authenticationRequired
        case (.authenticated, .known): nil
        case (.scope(let scope), .known(let principal)): principal.may(scope) ? nil : .insufficientScope([scope])
        case (.anyScope(let scopes), .known(let principal)):
            scopes.contains(where: principal.may) ? nil : .insufficientScope(scopes)
        }
    }
}
