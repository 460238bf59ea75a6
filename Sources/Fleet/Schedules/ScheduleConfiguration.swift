// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
public import Timekeeping

/// What an operator says of a schedule: when what is done with whom.
public struct ScheduleConfiguration: Hashable, Sendable {
    /// What becomes of a time that passed while no gateway was there.
    public enum Misfire: String, CaseIterable, Hashable, Sendable {
        /// Nothing.
        case skip
        /// Of all that passed, the last one is made up for.
        case runOnce = "run-once"
        /// Each is made up for, the oldest first.
        case runAll = "run-all"
    }

    /// What happens when the job of the time before is not finished.
    public enum Overlap: String, CaseIterable, Hashable, Sendable {
        /// Nothing.
        case skip
        /// The newest such time waits for the job to finish.
        case queue
        /// The job is cancelled.
        case cancelPrevious = "cancel-previous"
    }

    /// A name for people.
    public var name: String?
    /// Whether it is in force.
    public var isEnabled: Bool
    /// The IANA name of the zone that local times are of.
    public var timeZone: String
    /// When it is due.
    public var recurrence: RecurrenceForm
    /// Over how long the beginnings are spread.
    public var jitter: Duration?
    /// How long after its time a meter may still be asked; nil does not end.
    public var window: Duration?
    /// What becomes of times that were missed.
    public var misfire: Misfire
    /// What happens when the job before is not finished.
    public var overlap: Overlap
    /// Not due before.
    public var validFrom: Timestamp?
    /// Not due after.
    public var validUntil: Timestamp?
    /// The priority of its jobs, 0 to 9.
    public var priority: UInt8
    /// The meters.
    public var target: TargetSelection
    /// What is done: one member, named after a kind of job, with the members of that job; or `readingSet` with an id.
    public var operation: JSONValue

    /// What jobs of a schedule have unless it says otherwise: they yield to people.
    public static let usualPriority: UInt8 = 4
    private static let lengths: ClosedRange<Duration> = .seconds(1) ... .seconds(31 * 86_400)

    /// Reads the JSON form.
    ///
    /// - Parameter now: the present moment, from which a rule without an anchor begins.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root, now: Timestamp) throws(ScheduleFault) {
        let zone: ZoneInfo
        let recurrence: JSONValue
        var members: JSONMembers
        do throws(JSONMemberError) {
            members = try JSONMembers(value, at: pointer)
            name = try members.optionalText("name", "a text of up to 200 characters without control characters") {
                TextCheck.isPlain($0, upTo: 200)
            }
            isEnabled = try members.optionalBool("enabled") ?? true
            timeZone = try members.optionalString("timeZone") ?? "UTC"
            zone = try Self.zone(timeZone, members)
            jitter = try members.optionalDuration("jitter", in: Self.lengths)
            window = try members.optionalDuration("window", in: Self.lengths)
            misfire = try members.optionalChoice("misfire") ?? .runOnce
            overlap = try members.optionalChoice("overlap") ?? .skip
            validFrom = try members.optionalMoment("validFrom")
            validUntil = try members.optionalMoment("validUntil")
            priority = try members.optionalInteger("priority", in: 0...9) ?? Self.usualPriority
            target = try TargetSelection(try members.requiredValue("target"), at: pointer.appending("target"))
            operation = try members.requiredValue("operation")
            recurrence = try members.requiredValue("recurrence")
            try members.finish()
            if let from = validFrom, let until = validUntil, until < from {
                throw members.fault("validUntil", "not before validFrom")
            }
            if let jitter, let window, window < jitter { throw members.fault("window", "not shorter than jitter") }
        } catch {
            throw .member(error)
        }
        self.recurrence = try RecurrenceForm(recurrence, at: pointer.appending("recurrence"), zone: zone, now: now)
    }

    /// Writes the members of the JSON form into an object that is already begun.
    public func writeMembers(into writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("enabled", isEnabled)
        writer.member("timeZone", timeZone)
        writer.member("recurrence", recurrence.document)
        writer.member("jitter", jitter?.iso8601)
        writer.member("window", window?.iso8601)
        writer.member("misfire", misfire.rawValue)
        writer.member("overlap", overlap.rawValue)
        writer.member("validFrom", validFrom?.rfc3339)
        writer.member("validUntil", validUntil?.rfc3339)
        writer.member("priority", priority)
        writer.member("target", target.document)
        writer.member("operation", operation)
    }

    /// The set of readings that it reads, if it does.
    public var readingSet: ReadingSetID? { operation["readingSet"]?.string.flatMap { ReadingSetID($0) } }

    /// The rules of the time zone.
    public var zone: ZoneInfo { ZoneInfo.named(timeZone) ?? .utc }

    /// The first time after a moment at which it is due; nil when there is none or it is not in force.
    public func nextDue(after moment: Timestamp) -> Timestamp? {
        guard isEnabled else { return nil }
        var start = moment
        if let from = validFrom { start = max(start, from - .microseconds(1)) }
        guard let next = recurrence.recurrence.next(after: start, in: zone)?.instant else { return nil }
        if let until = validUntil, next > until { return nil }
        return next
    }

    /// The rules of a named zone.
    ///
    /// - Throws: `JSONMemberError` with the nearest name there is.
    public static func zone(_ name: String, _ members: JSONMembers) throws(JSONMemberError) -> ZoneInfo {
        if let zone = ZoneInfo.named(name) { return zone }
        throw .unknownTimeZone(name, at: members.pointer.appending("timeZone"))
    }
}

extension JSONMemberError {
    /// No time zone has that name; with the nearest name there is.
    public static func unknownTimeZone(_ name: String, at place: JSONPointer) -> JSONMemberError {
        JSONMemberError(
            .invalid(expected: "the IANA name of a time zone", suggestion: nearest(name, in: ZoneInfo.names)),
            at: place
        )
    }
}

extension JSONMembers {
    /// A moment in RFC 3339 form; nil when absent.
    mutating func optionalMoment(_ name: String) throws(JSONMemberError) -> Timestamp? {
        guard let text = try optionalString(name) else { return nil }
        guard let moment = Timestamp(rfc3339: text) else {
            throw fault(name, "a time with its offset, such as 2026-11-22T00:00:00+01:00")
        }
        return moment
    }
}
