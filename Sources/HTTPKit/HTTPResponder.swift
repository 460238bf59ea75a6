// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What answers requests.
public protocol HTTPResponder: Sendable {
    /// The answer if it is at hand, nil if it has to be made; asked before ``respond(to:)``, on the thread that received the request.
    func answerAtHand(for request: HTTPRequest) -> HTTPResponse?

    /// Answers one request; every failure is an answer too.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// How long the body of such a request may be, in octets; nil leaves it to the server.
    func mostBodyOctets(method: HTTPMethod, rawTarget: String) -> Int?

    /// Answers a request that the server refuses before anyone may handle it (too large, malformed, shutting down).
    func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse
}

extension HTTPResponder {
    /// Leaves it to the server.
    public func mostBodyOctets(method: HTTPMethod, rawTarget: String) -> Int? { nil }

    /// No answer is at hand.
    public func answerAtHand(for request: HTTPRequest) -> HTTPResponse? { nil }

    /// Answers with the problem as it is.
    public func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        HTTPResponse(problem)
    }
}
