// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import JSONText
import Jobs
import Timekeeping

/// How schedules and sets of readings look in JSON.
enum ScheduleRepresentation {
    /// Writes a schedule with what it did last.
    static func write(
        _ schedule: StoredSchedule,
        lastRun: JobRecord?,
        basePath: String,
        into writer: inout JSONWriter
    ) {
        let record = schedule.record
        let zone = record.configuration.zone
        let state = schedule.state
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer)
        writer.member("words", record.configuration.recurrence.recurrence.words)
        writer.member("nextRun", state.nextDue.map { zone.text(of: $0) })
        writer.member("waitingRun", state.waiting.map { zone.text(of: $0) })
        writer.name("lastRun")
        if state.lastDue == nil, state.lastJob == nil {
            writer.null()
        } else {
            writer.beginObject()
            writer.member("at", state.lastDue.map { zone.text(of: $0) })
            writer.member("jobId", state.lastJob?.text)
            writer.member("state", lastRun?.state.rawValue)
            writer.endObject()
        }
        writer.member("missed", state.missed)
        writer.member("skipped", state.skipped)
        writer.member("empty", state.empty)
        record.writeState(into: &writer)
        writer.name("links")
        writer.beginObject()
        let path = "\(basePath)/schedules/\(record.id.text)"
        writer.member("self", path)
        writer.member("next", path + "/next")
        writer.member("run", path + "/run")
        if let job = state.lastJob { writer.member("lastJob", "\(basePath)/jobs/\(job.text)") }
        writer.endObject()
        writer.endObject()
    }

    /// Writes a set of readings.
    static func write(_ record: ReadingSetRecord, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", record.id.text)
        record.configuration.writeMembers(into: &writer)
        record.writeState(into: &writer)
        writer.endObject()
    }
}
