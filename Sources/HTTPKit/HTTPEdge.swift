// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The outermost responder: finds out who asks, writes out problems, names every answer by `X-Request-Id`, and reports each request.
public struct HTTPEdge: HTTPResponder {
    private let inner: any HTTPResponder
    private let authenticator: (any Authenticator)?
    private let limiter: RateLimiter?
    private let origins: CrossOriginPolicy?
    private let pages: PagePolicy
    private let senders: (any RequestOrigin)?
    private let proxies: (any RequestOrigin)?
    private let strictTransport: String?
    private let problemTypeBase: String
    private let observe: @Sendable (AccessRecord) -> Void
    private let memory = AnswerMemory()

    /// Wraps a responder.
    ///
    /// - Parameters:
    ///   - inner: who answers.
    ///   - authenticator: finds out who asks; nil lets everybody do everything.
    ///   - limiter: keeps callers to so many requests in a minute; nil for none.
    ///   - origins: which pages of other origins may use the API; nil for none.
    ///   - senders: knows servers that judged the requests they send on, and where those came from; nil when there are none.
    ///   - proxies: knows servers that hand on whatever comes, and where it came from; nil when there are none.
    ///   - strictTransport: what `Strict-Transport-Security` says (RFC 6797); nil leaves it out.
    ///   - problemTypeBase: what stands before a problem's name in its `type`.
    ///   - observe: told of every answer, on the thread that made it; must be quick.
    public init(
        _ inner: any HTTPResponder,
        authenticator: (any Authenticator)? = nil,
        limiter: RateLimiter? = nil,
        origins: CrossOriginPolicy? = nil,
        senders: (any RequestOrigin)? = nil,
        proxies: (any RequestOrigin)? = nil,
        strictTransport: String? = nil,
        problemTypeBase: String = Problem.defaultTypeBase,
        observe: @escaping @Sendable (AccessRecord) -> Void = { _ in }
    ) {
        self.inner = inner
        self.authenticator = authenticator
        self.limiter = limiter
        self.origins = origins
        self.senders = senders
        self.proxies = proxies
        self.strictTransport = strictTransport
        pages = PagePolicy(origins: origins?.origins ?? [])
        self.problemTypeBase = problemTypeBase
        self.observe = observe
    }

    /// The answer that was given to a request like this one, if it still stands.
    public func answerAtHand(for request: HTTPRequest) -> HTTPResponse? {
        let start = ContinuousClock.now
        let (request, isSentOn) = original(request)
        let known = authenticator.map { $0.identityAtHand(of: request) } ?? .everybody
        guard let caller = known, isSentOn || pages.refusal(of: request, by: caller) == nil,
            let answer = memory.answer(for: request, of: caller, at: start)
        else { return nil }
        guard let standing = limiter?.count(caller, request, at: start) else {
            return finish(answer, request, since: start, by: caller)
        }
        return finish(
            standing.isAdmitted ? answer : HTTPResponse(standing.problem),
            request,
            standing,
            since: start,
            by: caller
        )
    }

    /// Refuses who may not before the body comes, if it is known at once who it is.
    public func verdictAtHand(on head: HTTPRequest) -> HeadVerdict? {
        let start = ContinuousClock.now
        let (head, isSentOn) = original(head)
        let known = authenticator.map { $0.identityAtHand(of: head) } ?? .everybody
        guard let caller = known else { return nil }
        let request = head.sent(by: caller)
        if !isSentOn, let refusal = pages.refusal(of: request, by: request.identity) {
            return finish(.refused(HTTPResponse(refusal)), request, since: start)
        }
        return inner.verdictAtHand(on: request).map { finish($0, request, since: start) }
    }

    /// Refuses who may not before the body comes.
    public func verdict(on head: HTTPRequest) async -> HeadVerdict {
        let start = ContinuousClock.now
        let (sent, isSentOn) = original(head)
        var head = sent
        if let authenticator { head = head.sent(by: await authenticator.identity(of: head)) }
        if !isSentOn, let refusal = pages.refusal(of: head, by: head.identity) {
            return finish(.refused(HTTPResponse(refusal)), head, since: start)
        }
        return finish(await inner.verdict(on: head), head, since: start)
    }

    private func finish(
        _ verdict: HeadVerdict,
        _ head: HTTPRequest,
        since start: ContinuousClock.Instant
    ) -> HeadVerdict {
        guard case .refused(let refusal) = verdict else { return verdict }
        // What is taken is counted when it is there as a whole.
        let standing = limiter?.count(head.identity, head, at: start)
        let answer = standing.map { $0.isAdmitted ? refusal : HTTPResponse($0.problem) } ?? refusal
        return .refused(finish(answer, head, standing, since: start))
    }

    /// Answers one request.
    public func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        let (sent, isSentOn) = original(request)
        var request = sent
        if let authenticator { request = request.sent(by: await authenticator.identity(of: request)) }
        if let preflight = origins?.preflight(request) { return finish(preflight, request, since: start) }
        if !isSentOn, let refusal = pages.refusal(of: request, by: request.identity) {
            return finish(HTTPResponse(refusal), request, since: start)
        }
        let standing = limiter?.count(request.identity, request, at: start)
        if let standing, !standing.isAdmitted {
            return finish(HTTPResponse(standing.problem), request, standing, since: start)
        }
        let answer = await inner.respond(to: request)
        memory.keep(answer, for: request)
        return finish(answer, request, standing, since: start)
    }

    /// Answers a request that the server refuses.
    public func refuse(_ request: HTTPRequest, because problem: Problem) -> HTTPResponse {
        let (request, _) = original(request)
        return finish(inner.refuse(request, because: problem), request, since: ContinuousClock.now)
    }

    /// The request with the address of its caller, and whether another server judged and sent it on.
    private func original(_ request: HTTPRequest) -> (request: HTTPRequest, isSentOn: Bool) {
        if let address = senders?.originalAddress(of: request) { return (request.sent(from: address), true) }
        guard let address = proxies?.originalAddress(of: request) else { return (request, false) }
        return (request.sent(from: address), false)
    }

    private func finish(
        _ response: HTTPResponse,
        _ request: HTTPRequest,
        _ standing: RateLimiter.Standing? = nil,
        since start: ContinuousClock.Instant,
        by caller: CallerIdentity? = nil
    ) -> HTTPResponse {
        var rendered = response.rendered(for: request, typeBase: problemTypeBase)
        rendered.headers.set("X-Request-Id", request.id)
        if let trace = request.trace { rendered.headers.set("traceparent", trace.traceparent) }
        standing?.add(to: &rendered.headers)
        origins?.apply(to: &rendered.headers, request)
        if let strictTransport { rendered.headers.set("Strict-Transport-Security", strictTransport) }
        let bodyOctets: Int? = if case .octets(let octets) = rendered.body { octets.count } else { nil }
        observe(
            AccessRecord(
                request: request,
                identity: caller ?? request.identity,
                route: response.route,
                status: response.status,
                problem: response.problem?.name,
                bodyOctets: bodyOctets,
                duration: ContinuousClock.now - start
            )
        )
        return rendered
    }
}
