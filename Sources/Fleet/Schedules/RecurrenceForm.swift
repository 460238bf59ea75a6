// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Recurrence
public import Timekeeping

/// A recurrence as callers write it.
///
/// | JSON | meaning |
/// |---|---|
/// | `{"cron":"15 2 * * *"}` | five fields of cron |
/// | `{"every":"PT15M","anchor":"2026-01-01T00:05:00+01:00"}` | again and again, counted from the anchor |
/// | `{"rrule":"FREQ=MONTHLY;BYMONTHDAY=1","anchor":"2026-01-01T00:00:00"}` | a rule and the local time of its beginning |
public struct RecurrenceForm: Hashable, Sendable {
    /// What it means in the time zone that it was read for.
    public let recurrence: Recurrence
    /// The time that intervals are counted from, or the beginning of a rule, as text.
    private let anchor: String?

    /// Reads the JSON form.
    ///
    /// - Parameters:
    ///   - zone: the time zone that local times are of.
    ///   - now: the present moment; a rule without an anchor begins at the local midnight before it.
    public init(
        _ value: JSONValue,
        at pointer: JSONPointer,
        zone: ZoneInfo,
        now: Timestamp
    ) throws(ScheduleFault) {
        let form: Members
        do throws(JSONMemberError) {
            form = try Members(value, at: pointer, zone)
        } catch {
            throw .member(error)
        }
        do throws(RecurrenceError) {
            switch form.kind {
            case .cron(let text):
                anchor = nil
                recurrence = .cron(try CronExpression(text))
            case .every(let interval):
                anchor = form.anchorText
                recurrence = .interval(interval)
            case .rule(let text):
                let begin = form.anchor ?? zone.midnight(before: now)
                anchor = form.anchorText ?? String(Timestamp(seconds: begin).rfc3339.dropLast())
                recurrence = .rule(try RecurrenceRule(text, begin: begin))
            }
        } catch {
            throw .recurrence(error)
        }
    }

    /// The JSON form, with the anchor also of a rule that was written without one.
    public var document: JSONValue {
        var members: [JSONObject.Member] = []
        switch recurrence {
        case .cron(let expression): members.append(.init(name: "cron", value: .string(expression.text)))
        case .interval(let interval): members.append(.init(name: "every", value: .string(interval.every.iso8601)))
        case .rule(let rule): members.append(.init(name: "rrule", value: .string(rule.text)))
        }
        if let anchor { members.append(.init(name: "anchor", value: .string(anchor))) }
        return .object(JSONObject(members) ?? JSONObject())
    }

    /// The members, taken apart.
    private struct Members {
        enum Kind {
            case cron(String)
            case every(IntervalRecurrence)
            case rule(String)
        }

        let kind: Kind
        let anchorText: String?
        /// The local time of the anchor, in seconds since 1970-01-01T00:00:00.
        let anchor: Int64?

        init(_ value: JSONValue, at pointer: JSONPointer, _ zone: ZoneInfo) throws(JSONMemberError) {
            var members = try JSONMembers(value, at: pointer, suchAs: #"{"cron":"15 2 * * *"}"#)
            let cron = try members.optionalString("cron")
            let every = try members.optionalDuration("every", in: IntervalRecurrence.range)
            let rule = try members.optionalString("rrule")
            anchorText = try members.optionalString("anchor")
            try members.finish()
            var instant: Timestamp?
            var local: Int64?
            if let text = anchorText {
                if let moment = Timestamp(rfc3339: text) {
                    instant = moment
                    local = moment.seconds + Int64(zone.offsetSeconds(atUTC: moment.seconds))
                } else if let seconds = Timestamp(rfc3339: text + "Z")?.seconds {
                    local = seconds
                    instant = Timestamp(seconds: zone.firstInstant(ofLocal: seconds))
                } else {
                    throw members.fault("anchor", "a time such as 2026-11-22T00:00:00, which may have an offset")
                }
            }
            anchor = local
            switch (cron, every, rule) {
            case (let cron?, nil, nil):
                guard anchorText == nil else { throw members.fault("anchor", "left out with cron") }
                kind = .cron(cron)
            case (nil, let every?, nil):
                guard let interval = IntervalRecurrence(every: every, anchor: instant) else {
                    throw members.fault("every", "a duration of whole seconds")
                }
                kind = .every(interval)
            case (nil, nil, let rule?): kind = .rule(rule)
            case (nil, nil, nil): throw JSONMemberError(.missingMember(name: "cron"), at: pointer)
            default:
                throw JSONMemberError(
                    .invalid(expected: "an object with one of cron, every and rrule", suggestion: nil),
                    at: pointer
                )
            }
        }
    }
}

extension ZoneInfo {
    /// The local midnight before an instant, in seconds since 1970-01-01T00:00:00.
    fileprivate func midnight(before instant: Timestamp) -> Int64 {
        let local = instant.seconds + Int64(offsetSeconds(atUTC: instant.seconds))
        return local - (local % 86_400 + 86_400) % 86_400
    }
}
