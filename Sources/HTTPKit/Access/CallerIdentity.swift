// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What is known of who sent a request.
public enum CallerIdentity: Sendable {
    /// Nobody asks who it is: everybody may do everything.
    case everybody
    /// There are no credentials.
    case anonymous
    /// The credentials are right.
    case known(Principal)
    /// There are credentials, and they are not right; only what is open to anybody is answered.
    case refused(Problem)

    /// The principal, if the credentials are right.
    public var principal: Principal? {
        if case .known(let principal) = self { principal } else { nil }
    }

    /// Whether the caller may do what needs a scope.
    public func may(_ scope: Scope) -> Bool {
        RouteAccess.scope(scope).refusal(of: self) == nil
    }
}
