// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Finds out who sent a request.
public protocol Authenticator: Sendable {
    /// Who sent it, if that can be told at once; nil if it takes a look elsewhere.
    ///
    /// Asked on the thread that received the request; must be quick.
    func identityAtHand(of request: HTTPRequest) -> CallerIdentity?

    /// Who sent it.
    func identity(of request: HTTPRequest) async -> CallerIdentity
}
