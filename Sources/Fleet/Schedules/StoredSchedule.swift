// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Jobs
public import Timekeeping

/// A schedule with how things stand with it.
public struct StoredSchedule: Hashable, Sendable {
    /// What the operator said.
    public let record: ScheduleRecord
    /// How things stand.
    public var state: ScheduleState

    /// Makes one.
    public init(record: ScheduleRecord, state: ScheduleState) {
        self.record = record
        self.state = state
    }
}

/// How things stand with a schedule.
public struct ScheduleState: Hashable, Sendable {
    /// The time to be served next, which may have passed; nil when the schedule is paused or over.
    public var nextDue: Timestamp?
    /// A time that waits for the job of the one before to finish.
    public var waiting: Timestamp?
    /// The time that was served last.
    public var lastDue: Timestamp?
    /// The job that was made last.
    public var lastJob: JobID?
    /// How many times passed without a job because no gateway was there.
    public var missed: Int
    /// How many times were left out because the job before was not finished.
    public var skipped: Int
    /// How many times there was no meter to do anything with.
    public var empty: Int

    /// Makes a state, by default of a schedule that never was due.
    public init(
        nextDue: Timestamp? = nil,
        waiting: Timestamp? = nil,
        lastDue: Timestamp? = nil,
        lastJob: JobID? = nil,
        missed: Int = 0,
        skipped: Int = 0,
        empty: Int = 0
    ) {
        self.nextDue = nextDue
        self.waiting = waiting
        self.lastDue = lastDue
        self.lastJob = lastJob
        self.missed = missed
        self.skipped = skipped
        self.empty = empty
    }
}
