// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What answers requests.
public protocol HTTPResponder: Sendable {
    /// Answers one request; every failure is an answer too.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// Answers a request that the server refuses before anyone may handle it (too large, malformed, shutting down).
    func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse
}

extension HTTPResponder {
    /// Answers with the problem as it is.
    public func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        HTTPResponse(problem)
    }
}
