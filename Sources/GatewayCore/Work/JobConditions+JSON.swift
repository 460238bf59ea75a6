// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
public import JSONText
public import Jobs
public import Timekeeping

extension JobConditions {
    /// Reads `priority`, `startAt`, `expiresAt`, `limits` and `retry`.
    ///
    /// - Parameter now: the present moment; a job cannot expire before.
    /// - Throws: `JSONMemberError` for what is malformed, ``Fleet/GatewayError/valueOutOfRange(pointer:allowed:)`` for what
    ///   cannot be.
    public init(_ members: inout JSONMembers, now: Timestamp) throws {
        self.init()
        priority = try members.bounded("priority", 0...9).map { UInt8($0) } ?? priority
        startAt = try members.optionalMoment("startAt")
        expiresAt = try members.optionalMoment("expiresAt")
        if let end = expiresAt, end <= max(now, startAt ?? now) {
            throw GatewayError.valueOutOfRange(
                pointer: members.pointer.appending("expiresAt"),
                allowed: "a time in the future and after startAt"
            )
        }
        if let longest = startAt, longest > now + Self.farthestStart {
            throw GatewayError.valueOutOfRange(
                pointer: members.pointer.appending("startAt"),
                allowed: "a time within a year"
            )
        }
        if var own = try members.optionalMembers("limits") {
            limits = try JobLimits(&own)
            try own.finish()
        }
        if var own = try members.optionalMembers("retry") {
            retries = try own.bounded("max", 0...1000)
            backoff = try own.duration("backoff", .zero ... .seconds(86_400))
            maxBackoff = try own.duration("maxBackoff", .zero ... .seconds(86_400))
            try own.finish()
        }
    }

    private static let farthestStart = Duration.seconds(366 * 86_400)

    /// The rule for repetitions: what the terms say, the rest as is usual for the kind.
    func retry(usually usual: JobRetry) -> JobRetry {
        let pause = backoff ?? usual.backoff
        return JobRetry(
            max: retries ?? usual.max,
            backoff: pause,
            maxBackoff: max(maxBackoff ?? usual.maxBackoff, pause),
            resolveFor: usual.resolveFor
        )
    }
}

extension JobLimits {
    /// Reads `concurrency`, `ratePerMinute`, `perMeterTimeout`, `canary` and `abort`.
    fileprivate init(_ members: inout JSONMembers) throws {
        self.init(
            concurrency: try members.bounded("concurrency", 1...10_000),
            ratePerMinute: try members.bounded("ratePerMinute", 1...1_000_000),
            perTargetTimeout: try members.duration("perMeterTimeout", .seconds(1) ... .seconds(86_400)),
            canary: try members.bounded("canary", 1...1000)
        )
        guard var rule = try members.optionalMembers("abort") else { return }
        let percent = try rule.bounded("failurePercent", 1...100)
        let executed = try rule.bounded("minExecuted", 1...1_000_000)
        let inRow = try rule.bounded("consecutiveFailures", 1...1_000_000)
        try rule.finish()
        guard percent != nil || (inRow != nil && executed == nil) else {
            throw JSONMemberError(
                .invalid(expected: "a rule with failurePercent or consecutiveFailures"),
                at: rule.pointer
            )
        }
        abort = JobAbortRule(failurePercent: percent, minExecuted: executed ?? 10, inRow: inRow)
    }

    /// The limits in JSON, as callers send them; nil without any.
    public var document: JSONValue? {
        var members: [JSONObject.Member] = []
        func add(_ name: String, _ value: JSONValue?) {
            if let value { members.append(JSONObject.Member(name: name, value: value)) }
        }
        add("concurrency", concurrency.map { .integer($0) })
        add("ratePerMinute", ratePerMinute.map { .integer($0) })
        add("perMeterTimeout", perTargetTimeout.map { .string($0.iso8601) })
        add("canary", canary.map { .integer($0) })
        var rule: [JSONObject.Member] = []
        if let percent = abort?.failurePercent {
            rule.append(JSONObject.Member(name: "failurePercent", value: .integer(percent)))
            rule.append(JSONObject.Member(name: "minExecuted", value: .integer(abort?.minExecuted ?? 1)))
        }
        if let inRow = abort?.inRow {
            rule.append(JSONObject.Member(name: "consecutiveFailures", value: .integer(inRow)))
        }
        if !rule.isEmpty { add("abort", .object(JSONObject(rule) ?? JSONObject())) }
        return members.isEmpty ? nil : .object(JSONObject(members) ?? JSONObject())
    }
}

extension JSONMembers {
    /// A number within bounds; nil when absent.
    ///
    /// - Throws: `JSONMemberError` for anything but a number, ``Fleet/GatewayError/valueOutOfRange(pointer:allowed:)``.
    fileprivate mutating func bounded(_ name: String, _ bounds: ClosedRange<Int>) throws -> Int? {
        guard let number = try optionalNumber(name) else { return nil }
        guard let value = number.exactInteger(as: Int.self), bounds.contains(value) else {
            throw GatewayError.valueOutOfRange(
                pointer: pointer.appending(name),
                allowed: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
            )
        }
        return value
    }

    /// A duration within bounds; nil when absent.
    fileprivate mutating func duration(_ name: String, _ bounds: ClosedRange<Duration>) throws -> Duration? {
        guard let text = try optionalString(name) else { return nil }
        guard let length = Duration(iso8601: text) else {
            throw JSONMemberError(
                .invalid(expected: "a duration such as PT30S", suggestion: nil),
                at: pointer.appending(name)
            )
        }
        guard bounds.contains(length) else {
            throw GatewayError.valueOutOfRange(
                pointer: pointer.appending(name),
                allowed: "a duration from \(bounds.lowerBound.iso8601) to \(bounds.upperBound.iso8601)"
            )
        }
        return length
    }

    /// A moment; nil when absent.
    mutating func optionalMoment(_ name: String) throws(JSONMemberError) -> Timestamp? {
        guard let text = try optionalString(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw JSONMemberError(
                .invalid(expected: "a time with its offset, such as 2026-11-22T00:00:00+01:00", suggestion: nil),
                at: pointer.appending(name)
            )
        }
        return moment
    }
}
