// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Synchronization

/// The answers that stand, each found by what it may depend on.
///
/// Whether an answer still stands is for the answer itself to say; here is only where it lies.
// A lock and not an actor: it is asked on the thread that received the request.
final class AnswerMemory: Sendable {
    private struct Entry {
        let answer: any StandingAnswer
        let route: String?
        let access: RouteAccess?
    }

    /// The answers in two halves: those that were asked for lately, and those that were before the half was full.
    private struct Halves {
        var recent: [RepeatableRequest: Entry] = [:]
        var older: [RepeatableRequest: Entry] = [:]

        mutating func entry(for key: RepeatableRequest) -> Entry? {
            if let entry = recent[key] { return entry }
            guard let entry = older.removeValue(forKey: key) else { return nil }
            keep(entry, for: key)
            return entry
        }

        /// When the half is full, what was not asked for since it was last empty is forgotten.
        mutating func keep(_ entry: Entry, for key: RepeatableRequest) {
            older[key] = nil
            if recent.count >= AnswerMemory.mostAnswers / 2, recent[key] == nil {
                (older, recent) = (recent, [:])
            }
            recent[key] = entry
        }
    }

    /// How many answers there are at most.
    private static let mostAnswers = 8192
    /// Answers with longer bodies are not kept, in octets.
    private static let longestBody = 4096
    /// Nor are those to longer targets.
    private static let longestTarget = 512

    private let entries = Mutex(Halves())

    /// The answer to a request of that caller, if one stands that it may have.
    func answer(
        for request: HTTPRequest,
        of caller: CallerIdentity,
        at now: ContinuousClock.Instant
    ) -> HTTPResponse? {
        guard caller.principal?.confinement == nil, let key = RepeatableRequest(request, by: caller),
            let entry = entries.withLock({ $0.entry(for: key) })
        else { return nil }
        guard entry.access?.refusal(of: caller) == nil, var answer = entry.answer.repeated(at: now) else { return nil }
        answer.route = entry.route
        return answer
    }

    /// Keeps an answer, if it is one that stands.
    func keep(_ response: HTTPResponse, for request: HTTPRequest) {
        guard let answer = response.standing, let key = RepeatableRequest(request, by: request.identity),
            response.status == 200
        else {
            return
        }
        guard case .octets(let octets) = response.body, octets.count <= Self.longestBody,
            key.target.utf8.count <= Self.longestTarget
        else { return }
        let entry = Entry(answer: answer, route: response.route, access: response.access)
        entries.withLock { $0.keep(entry, for: key) }
    }
}

/// A request whose answer depends on its target and the media type it accepts, and on nothing else.
struct RepeatableRequest: Hashable {
    let target: String
    private let acceptsOnlyJSON: Bool

    /// Nil for a request with another method, a body, or a field whose meaning is not known to be of no account.
    ///
    /// The credentials of a known caller are looked at before, with what its answer needs.
    init?(_ request: HTTPRequest, by caller: CallerIdentity) {
        guard request.method == .get, request.body.isEmpty else { return nil }
        var accept: String?
        for field in request.headers.fields {
            if HTTPHeaders.areEqual(field.name, "Accept") {
                guard accept == nil, ["*/*", "application/json"].contains(field.value) else { return nil }
                accept = field.value
            } else if !Self.isOfNoAccount(field.name), caller.principal == nil || !Self.isCredentials(field.name) {
                return nil
            }
        }
        target = request.rawTarget
        acceptsOnlyJSON = accept == "application/json"
    }

    private static func isCredentials(_ name: String) -> Bool {
        name.utf8.count == 13 && HTTPHeaders.areEqual(name, "Authorization")
    }

    /// Whether a field says nothing about the answer.
    private static func isOfNoAccount(_ name: String) -> Bool {
        let known =
            switch name.utf8.count {
            case 4: "Host"
            case 10:
                switch HTTPFieldText.lowercased(name.utf8.first ?? 0) {
                case UInt8(ascii: "u"): "User-Agent"
                case UInt8(ascii: "t"): "tracestate"
                default: "Connection"
                }
            case 11: "traceparent"
            case 12: "X-Request-Id"
            case 15: "Accept-Encoding"
            default: ""
            }
        return !known.isEmpty && HTTPHeaders.areEqual(name, known)
    }
}
