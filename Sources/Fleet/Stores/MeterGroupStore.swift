// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Keeps groups of meters; what it returns from a write is durable.
public protocol MeterGroupStore: Sendable {
    /// Writes a group if the precondition holds, as one step.
    ///
    /// - Parameter members: replaces those of a group that lists them; nil leaves them. One with a selector has none.
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/referenceUnknown(_:)`` for a meter that
    ///   does not exist, ``StoreError/unavailable(reason:)``.
    func putMeterGroup(
        _ id: MeterGroupID,
        _ configuration: MeterGroupConfiguration,
        members: [MeterID]?,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<MeterGroupRecord>

    /// The group; nil when there is none.
    func meterGroup(_ id: MeterGroupID) async throws(StoreError) -> MeterGroupRecord?

    /// Groups in the order of their identifiers, at most `limit` after the cursor.
    func meterGroups(after cursor: String?, limit: Int) async throws(StoreError) -> Page<MeterGroupRecord>

    /// Adds and removes meters that a group lists, as one step; what is so already stays.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/referenceUnknown(_:)``.
    func changeMembers(
        of id: MeterGroupID,
        _ change: MembershipChange,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> MeterGroupRecord

    /// Whether a group lists a meter.
    func isListed(_ meter: MeterID, in group: MeterGroupID) async throws(StoreError) -> Bool

    /// Removes a group if the precondition holds; false when there was none and that was allowed.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/inUse(by:)`` with schedules that name it.
    func deleteMeterGroup(_ id: MeterGroupID, when precondition: WritePrecondition) async throws(StoreError) -> Bool
}
