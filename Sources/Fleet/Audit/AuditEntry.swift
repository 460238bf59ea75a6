// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import JSONText
public import Timekeeping

/// One thing that was to be changed or was changed, and by whom; never holds a secret.
public struct AuditEntry: Hashable, Sendable {
    /// How far it had come when the entry was made.
    public enum Stage: String, CaseIterable, Hashable, Sendable {
        /// A request came in; nothing was done yet.
        case asked
        /// The request was answered.
        case answered
        /// A command that switches supply is about to leave for the meter.
        case sending
        /// What came of an order at a meter.
        case settled
    }

    /// When.
    public var at: Timestamp
    /// Who.
    public var caller: Caller
    /// What, in the name of the API's operation or the kind of the job.
    public var action: String
    /// How far it was.
    public var stage: Stage
    /// The meter it concerns.
    public var meter: String?
    /// The job it is part of.
    public var job: String?
    /// Ties together what one request caused.
    public var traceID: String?
    /// SHA-256 of the request's body in hexadecimal digits; nil for none.
    public var bodyHash: String?
    /// What came of it: a status, the name of a problem, the state of an execution.
    public var outcome: String?
    /// What was there before, in short.
    public var before: String?
    /// What is there now, in short.
    public var after: String?

    /// Makes an entry.
    public init(
        at: Timestamp,
        caller: Caller,
        action: String,
        stage: Stage,
        meter: String? = nil,
        job: String? = nil,
        traceID: String? = nil,
        bodyHash: String? = nil,
        outcome: String? = nil,
        before: String? = nil,
        after: String? = nil
    ) {
        self.at = at
        self.caller = caller
        self.action = action
        self.stage = stage
        self.meter = meter
        self.job = job
        self.traceID = traceID
        self.bodyHash = bodyHash
        self.outcome = outcome
        self.before = before
        self.after = after
    }

    /// The members of the entry in their fixed order, as JSON; they stand behind ordinal and previous hash.
    func write(into writer: inout JSONWriter) {
        func text(_ name: StaticString, _ value: String?) {
            writer.name(name)
            if let value { writer.string(value) } else { writer.null() }
        }
        text("at", at.rfc3339)
        text("stage", stage.rawValue)
        text("action", action)
        text("caller", caller.name)
        text("keyId", caller.keyID)
        text("clientAddress", caller.address)
        text("meter", meter)
        text("job", job)
        text("traceId", traceID)
        text("bodyHash", bodyHash)
        text("outcome", outcome)
        text("before", before)
        text("after", after)
    }
}
