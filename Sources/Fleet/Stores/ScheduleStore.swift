// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// Keeps schedules and sets of readings; what it returns from a write is durable.
public protocol ScheduleStore: Sendable {
    /// Writes a schedule if the precondition holds, as one step.
    ///
    /// - Parameter nextDue: the time to be served next; given what is stored and what is not yet.
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/referenceUnknown(_:)`` for a group or set of
    ///   readings that does not exist.
    func putSchedule(
        _ id: ScheduleID,
        _ configuration: ScheduleConfiguration,
        when precondition: WritePrecondition,
        nextDue: @escaping @Sendable (StoredSchedule?) -> Timestamp?
    ) async throws(StoreError) -> WriteResult<StoredSchedule>

    /// The schedule; nil when there is none.
    func schedule(_ id: ScheduleID) async throws(StoreError) -> StoredSchedule?

    /// Schedules in the order of their identifiers, at most `limit` after the cursor.
    func schedules(after cursor: String?, limit: Int) async throws(StoreError) -> Page<StoredSchedule>

    /// Removes a schedule if the precondition holds; false when there was none and that was allowed. Its jobs stay.
    func deleteSchedule(_ id: ScheduleID, when precondition: WritePrecondition) async throws(StoreError) -> Bool

    /// Schedules with a time that has come, or that wait for a job; the earliest first.
    func dueSchedules(at now: Timestamp, limit: Int) async throws(StoreError) -> [StoredSchedule]

    /// The next moment after this one at which a schedule is due; nil when none is.
    func nextScheduleMoment(after now: Timestamp) async throws(StoreError) -> Timestamp?

    /// Replaces the state of a schedule, unless it is another than the one given by now.
    ///
    /// - Returns: false when somebody else has served it meanwhile, or it was changed or removed.
    func settleSchedule(
        _ id: ScheduleID,
        from: ScheduleState,
        to: ScheduleState
    ) async throws(StoreError) -> Bool

    /// Writes a set of readings if the precondition holds, as one step.
    func putReadingSet(
        _ id: ReadingSetID,
        _ configuration: ReadingSetConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<ReadingSetRecord>

    /// The set of readings; nil when there is none.
    func readingSet(_ id: ReadingSetID) async throws(StoreError) -> ReadingSetRecord?

    /// Sets of readings in the order of their identifiers, at most `limit` after the cursor.
    func readingSets(after cursor: String?, limit: Int) async throws(StoreError) -> Page<ReadingSetRecord>

    /// Removes a set of readings if the precondition holds; false when there was none and that was allowed.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/inUse(by:)`` with schedules that name it.
    func deleteReadingSet(_ id: ReadingSetID, when precondition: WritePrecondition) async throws(StoreError) -> Bool
}
