// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import HTTPKit
import JSONText
import Timekeeping

/// The one place where problems get their HTTP status.
struct ProblemKind: Sendable {
    /// The last part of the problem's `type`.
    let name: String
    /// The HTTP status.
    let status: Int
    /// The problem in a few words.
    let title: String

    private init(_ name: String, _ status: Int, _ title: String) {
        self.name = name
        self.status = status
        self.title = title
    }

    /// Every problem that callers can meet in this version, those of the HTTP layer included.
    static let all: [ProblemKind] = [
        ProblemKind("malformed-json", 400, "Malformed JSON"),
        ProblemKind("unknown-field", 400, "Unknown field"),
        ProblemKind("bad-parameter", 400, "Unusable parameter"),
        ProblemKind("bad-obis", 400, "Not an OBIS code"),
        ProblemKind("idempotency-key-missing", 400, "Idempotency-Key is missing"),
        ProblemKind("denied-by-meter", 403, "The meter denied access"),
        ProblemKind("orders-only", 403, "Only orders may do this"),
        ProblemKind("meter-protected", 403, "The meter is protected"),
        ProblemKind("no-disconnector", 404, "The meter has no disconnector"),
        ProblemKind("unexpected-state", 409, "The disconnector is in another state"),
        ProblemKind("not-allowed-by-control-mode", 409, "The control mode does not allow it"),
        ProblemKind("order-limit", 429, "Too many orders"),
        ProblemKind("path-unknown", 404, "No such path"),
        ProblemKind("not-found", 404, "No such entry"),
        ProblemKind("meter-unknown", 404, "No such meter"),
        ProblemKind("channel-unknown", 404, "No such channel"),
        ProblemKind("job-unknown", 404, "No such job"),
        ProblemKind("profile-unknown", 404, "No such profile"),
        ProblemKind("object-undefined", 404, "The meter has no such object"),
        ProblemKind("object-unavailable", 404, "The object is not available"),
        ProblemKind("attribute-undefined", 404, "No such attribute or method"),
        ProblemKind("method-not-allowed", 405, "Method not allowed"),
        ProblemKind("not-acceptable", 406, "Not acceptable"),
        ProblemKind("request-timeout", 408, "Request timeout"),
        ProblemKind("ambiguous-object", 409, "Several objects have this logical name"),
        ProblemKind("already-exists", 409, "It exists already"),
        ProblemKind("in-use", 409, "It is in use"),
        ProblemKind("wrong-state", 409, "Not in this state"),
        ProblemKind("orders-held", 423, "Orders are held"),
        ProblemKind("outside-order-window", 409, "Not at this time of day"),
        ProblemKind("order-expired", 409, "The order expired"),
        ProblemKind("order-unconfirmed", 409, "Nobody confirmed the order"),
        ProblemKind("confirmation-mismatch", 409, "Something else was confirmed"),
        ProblemKind("confirmation-refused", 403, "Another caller has to confirm"),
        ProblemKind("confirmation-unavailable", 422, "Nobody can confirm"),
        ProblemKind("order-not-carried-out", 502, "The meter did not carry out the order"),
        ProblemKind("expectation-failed-state", 409, "The value is not the expected one"),
        ProblemKind("adjustment-too-large", 409, "The clock is too far off"),
        ProblemKind("clock-ambiguous", 409, "The clock cannot be set now"),
        ProblemKind("capture-boundary", 409, "A row would be left out or captured twice"),
        ProblemKind("secrets-pending", 409, "A change of secrets is under way"),
        ProblemKind("idempotency-in-flight", 409, "The same order is being carried out"),
        ProblemKind("etag-mismatch", 412, "It has changed"),
        ProblemKind("body-too-large", 413, "Body too large"),
        ProblemKind("target-too-long", 414, "Request target too long"),
        ProblemKind("unsupported-media-type", 415, "Unsupported media type"),
        ProblemKind("association-unknown", 422, "No such association"),
        ProblemKind("value-out-of-range", 422, "Value out of range"),
        ProblemKind("type-mismatch", 422, "Value of the wrong type"),
        ProblemKind("type-required", 422, "The type must be told"),
        ProblemKind("range-not-supported", 422, "The meter gives no such part"),
        ProblemKind("object-class-inconsistent", 422, "The object has another class"),
        ProblemKind("idempotency-key-reused", 422, "The key belongs to another order"),
        ProblemKind("not-supported", 422, "Not supported in this version"),
        ProblemKind("not-a-text-meter", 422, "The meter does not speak IEC 62056-21"),
        ProblemKind("readout-unreadable", 422, "Not a readout"),
        ProblemKind("readout-of-another-meter", 422, "The readout is of another meter"),
        undecodable,
        ProblemKind("header-too-large", 431, "Header fields too large"),
        ProblemKind("internal", 500, "Internal error"),
        ProblemKind("association-rejected", 502, "The meter rejected the association"),
        ProblemKind("authentication-failed-at-meter", 502, "The meter refused the authentication"),
        ProblemKind("deciphering-failed", 502, "A message does not open"),
        ProblemKind("invocation-counter-rejected", 502, "The invocation counters do not fit"),
        ProblemKind("protocol-error", 502, "The meter broke the protocol"),
        ProblemKind("exception-response", 502, "The meter answered with an exception"),
        ProblemKind("connection-lost", 502, "The connection to the meter ended"),
        ProblemKind("meter-hardware-fault", 502, "The meter reports a hardware fault"),
        ProblemKind("meter-refused", 502, "The meter refused"),
        ProblemKind("image-rejected", 502, "The meter does not take the image"),
        ProblemKind("meter-refused-connection", 502, "The connection was refused"),
        ProblemKind("verification-failed", 502, "Reading back gave another value"),
        ProblemKind("meter-temporary-failure", 503, "The meter cannot do it now"),
        ProblemKind("meter-busy", 503, "The meter is busy"),
        ProblemKind("line-busy", 503, "The line to the meter is busy"),
        ProblemKind("queue-full", 503, "Too many wait for the line"),
        ProblemKind("meter-not-connected", 503, "The meter has not dialled in"),
        ProblemKind("held-elsewhere", 503, "Another gateway has the line"),
        ProblemKind("draining", 503, "Shutting down"),
        ProblemKind("streams-full", 503, "Too many event streams"),
        ProblemKind("bodies-full", 503, "Too much at once"),
        ProblemKind("store-unavailable", 503, "The database does not answer"),
        ProblemKind("meter-unreachable", 504, "The meter cannot be reached"),
        ProblemKind("meter-timeout", 504, "The meter did not answer"),
        ProblemKind("outcome-unknown", 504, "The outcome is not known"),
        ProblemKind("not-cached", 504, "No value is kept"),
        ProblemKind("wait-exceeded", 504, "The waiting time is over"),
        // What later versions will report.
        ProblemKind("authentication-required", 401, "Credentials are needed"),
        ProblemKind("token-expired", 401, "The credentials have expired"),
        ProblemKind("token-invalid", 401, "The credentials are not valid"),
        ProblemKind("foreign-page", 403, "A web page of another origin"),
        ProblemKind("insufficient-scope", 403, "The credentials do not allow this"),
        ProblemKind("live-read-not-allowed", 403, "Only kept values are allowed"),
        ProblemKind("job-not-finished", 409, "The job is not finished"),
        ProblemKind("job-purged", 410, "The job was removed"),
        ProblemKind("bad-recurrence", 422, "Unusable recurrence"),
        ProblemKind("meter-locked", 423, "The meter is locked"),
        ProblemKind("precondition-required", 428, "A precondition is needed"),
        ProblemKind("rate-limited", 429, "Too many requests"),
        ProblemKind("circuit-open", 503, "The meter is left alone for a while"),
        ProblemKind("issuer-unavailable", 503, "The keys of the issuer are not there"),
    ]

    /// What `POST /tools/decode` says of octets that make no sense.
    static let undecodable = ProblemKind("undecodable", 422, "The octets cannot be decoded")

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    /// The problem with this name.
    static func named(_ name: String) -> ProblemKind? { byName[name] }
}

extension Problem {
    /// The problem that tells callers of an error.
    ///
    /// - Parameter now: the time, so that `Retry-After` can be told; nil for a problem inside of an answer.
    init(_ error: GatewayError, now: Timestamp? = nil) {
        if case .invalidMember(let fault) = error {
            self = .unexpectedMember(fault)
            return
        }
        let kind = ProblemKind.named(error.name)
        self.init(
            error.name,
            status: kind?.status ?? 500,
            title: kind?.title ?? error.name,
            detail: error.detail,
            hint: error.hint,
            retryable: error.isRetryable
        )
        if let meter = error.meter { members["meter"] = .string(meter.text) }
        if let pointer = error.pointer { members["pointer"] = .string(pointer.text) }
        if let suggestion = error.suggestion { members["suggestion"] = .string(suggestion) }
        if let outcome = error.dlms {
            members["dlms"] = .object(
                JSONObject([
                    .init(name: "service", value: .string(outcome.service)),
                    .init(name: "result", value: .string(outcome.result)),
                    .init(name: "code", value: .integer(outcome.code)),
                ]) ?? JSONObject()
            )
        }
        switch error {
        case .badParameter(let name, _, _), .unknownParameter(let name, _): members["parameter"] = .string(name)
        case .badRecurrence(_, let column?, _): members["column"] = .integer(column)
        case .ambiguousObject(_, let classes): members["choices"] = .array(classes.map { .integer($0) })
        default: break
        }
        if let moment = error.retryAt { members["until"] = .string(moment.rfc3339) }
        if let moment = error.retryAt, let now {
            headers.set("Retry-After", "\(max(1, Int(((moment - now) / .seconds(1)).rounded(.up))))")
        } else if status == 503 || error.isRetryable && (status == 409 || status == 423) {
            headers.set("Retry-After", "\(Self.pause(error))")
        }
    }

    /// 422: a member of a document whose shape the contract leaves open: a patch, which is judged by what it makes of its meter, or
    /// what a schedule does, which is judged by the kind of job.
    static func unfitMember(_ fault: JSONMemberError) -> Problem {
        var problem = Problem.unexpectedMember(fault)
        problem.status = 422
        return problem
    }

    /// Seconds until repeating makes sense.
    private static func pause(_ error: GatewayError) -> Int {
        switch error {
        case .idempotencyInFlight, .lineBusy, .queueFull, .heldElsewhere: 1
        default: 5
        }
    }
}

extension Problem {
    /// The decoder's own words about a fault.
    static func undecodable(_ fault: JSONValue?) -> Problem {
        var problem = Problem(
            ProblemKind.undecodable.name,
            status: ProblemKind.undecodable.status,
            title: ProblemKind.undecodable.title,
            detail: fault?["detail"]?.string ?? "The octets make no sense.",
            hint: fault?["hint"]?.string
        )
        if let offset = fault?["offset"] { problem.members["offset"] = offset }
        return problem
    }
}

/// Turns whatever a handler throws into a problem.
///
/// - Parameter now: the time of day, which `Retry-After` counts from.
func problem(of error: any Error, now: Timestamp) -> Problem {
    switch error {
    case let error as GatewayError: Problem(error, now: now)
    case let error as JSONMemberError: .unexpectedMember(error)
    default: .internalFault
    }
}
