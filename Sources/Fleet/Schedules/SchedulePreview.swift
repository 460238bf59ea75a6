// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import JSONText
import Recurrence
public import Timekeeping

/// The next times of a recurrence that nobody has saved, in words and with what changes of the clock do to them.
public struct SchedulePreview: Hashable, Sendable {
    /// The recurrence.
    public let recurrence: RecurrenceForm
    /// The IANA name of the zone.
    public let timeZone: String
    /// The moment from which it looks ahead.
    public let after: Timestamp
    /// How many times it tells at most.
    public let count: Int

    /// How many times may be asked for.
    public static let counts = 1...1000
    /// How many times are told unless the caller says otherwise.
    public static let usualCount = 10

    /// Reads `{"recurrence":{"cron":"15 2 * * *"},"timeZone":"Europe/Bratislava","count":10,"after":"..."}`.
    ///
    /// - Parameter now: the present moment, from which it looks ahead unless the document says otherwise.
    public init(_ value: JSONValue, at pointer: JSONPointer = .root, now: Timestamp) throws(ScheduleFault) {
        let document: JSONValue
        let zone: ZoneInfo
        do throws(JSONMemberError) {
            var members = try JSONMembers(value, at: pointer)
            document = try members.requiredValue("recurrence")
            timeZone = try members.optionalString("timeZone") ?? "UTC"
            zone = try ScheduleConfiguration.zone(timeZone, members)
            count = try members.optionalInteger("count", in: Self.counts) ?? Self.usualCount
            after = try members.optionalMoment("after") ?? now
            try members.finish()
        } catch {
            throw .member(error)
        }
        recurrence = try RecurrenceForm(document, at: pointer.appending("recurrence"), zone: zone, now: after)
    }

    /// Looks ahead on a schedule that is saved.
    public init(of schedule: ScheduleConfiguration, after: Timestamp, count: Int) {
        recurrence = schedule.recurrence
        timeZone = schedule.timeZone
        self.after = after
        self.count = count
    }

    /// Writes the answer.
    ///
    /// - Parameter until: the last moment that counts; nil when there is none.
    public func write(until: Timestamp? = nil, into writer: inout JSONWriter) {
        let zone = ZoneInfo.named(timeZone) ?? .utc
        writer.beginObject()
        writer.member("words", recurrence.recurrence.words)
        writer.member("timeZone", timeZone)
        writer.member("recurrence", recurrence.document)
        writer.name("items")
        writer.beginArray()
        for occurrence in recurrence.recurrence.occurrences(after: after, in: zone, limit: count) {
            if let until, occurrence.instant > until { break }
            writer.beginObject()
            writer.member("at", zone.text(of: occurrence.instant))
            writer.member("note", occurrence.note.map { zone.words(of: $0, at: occurrence.instant) })
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }
}

extension ZoneInfo {
    /// A moment in RFC 3339 form with the offset of the zone, such as `2026-11-23T02:15:00+01:00`.
    public func text(of moment: Timestamp) -> String {
        moment.rfc3339(offsetMinutes: offsetSeconds(atUTC: moment.seconds) / 60)
    }

    /// What a change of the clock does to an occurrence, in a sentence.
    fileprivate func words(of note: Occurrence.Note, at instant: Timestamp) -> String {
        let local = instant.seconds + Int64(offsetSeconds(atUTC: instant.seconds))
        let shown = Self.time(local)
        return switch note {
        case .skipped(let wanted): "The clock skips \(Self.time(wanted)) on this day; it is due when the skip ends."
        case .firstOnly: "The clock shows \(shown) twice on this day; it is due the first time only."
        case .first: "The clock shows \(shown) twice on this day; this is the first time."
        case .second: "The clock shows \(shown) twice on this day; this is the second time."
        }
    }

    private static func time(_ local: Int64) -> String {
        String(Timestamp(seconds: local).rfc3339.dropFirst(11).prefix(5))
    }
}
