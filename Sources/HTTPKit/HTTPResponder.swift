// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What answers requests.
public protocol HTTPResponder: Sendable {
    /// The answer if it is at hand, nil if it has to be made; asked before ``respond(to:)``, on the thread that received the request.
    func answerAtHand(for request: HTTPRequest) -> HTTPResponse?

    /// Answers one request; every failure is an answer too.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// What becomes of a request with a body, as far as its head tells at once; nil if it takes a wait to know.
    ///
    /// Asked on the thread that received the head; must be quick. What is taken is asked for as a whole later.
    func verdictAtHand(on head: HTTPRequest) -> HeadVerdict?

    /// What becomes of a request with a body, by its head.
    func verdict(on head: HTTPRequest) async -> HeadVerdict

    /// Answers a request that the server refuses before anyone may handle it (too large, malformed, shutting down).
    func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse
}

extension HTTPResponder {
    /// Takes every body.
    public func verdictAtHand(on head: HTTPRequest) -> HeadVerdict? { .taken(mostBodyOctets: nil) }

    /// What is at hand.
    public func verdict(on head: HTTPRequest) async -> HeadVerdict {
        verdictAtHand(on: head) ?? .taken(mostBodyOctets: nil)
    }

    /// No answer is at hand.
    public func answerAtHand(for request: HTTPRequest) -> HTTPResponse? { nil }

    /// Answers with the problem as it is.
    public func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        HTTPResponse(problem)
    }
}
