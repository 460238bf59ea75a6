// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Keeps meters; what it returns from a write is durable.
public protocol MeterStore: Sendable {
    /// Writes a meter if the precondition holds, as one step.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/referenceUnknown(_:)`` for a shared channel
    ///   or group that does not exist, ``StoreError/sealing(_:)``, ``StoreError/unavailable(reason:)``.
    func putMeter(
        _ id: MeterID,
        _ configuration: MeterConfiguration,
        when precondition: WritePrecondition
    ) async throws(StoreError) -> WriteResult<MeterRecord>

    /// The meter with its secrets in clear; nil when there is none.
    func meter(_ id: MeterID) async throws(StoreError) -> MeterRecord?

    /// Meters in the order of their identifiers.
    ///
    /// - Parameters:
    ///   - query: which meters.
    ///   - cursor: ``Page/next`` of the page before; nil begins.
    ///   - limit: how many at most, at least 1.
    func meters(
        matching query: MeterQuery,
        after cursor: String?,
        limit: Int
    ) async throws(StoreError) -> Page<MeterRecord>

    /// The identifiers alone, in order, of meters that match; for resolving the targets of jobs.
    func meterIDs(
        matching query: MeterQuery,
        after cursor: String?,
        limit: Int
    ) async throws(StoreError) -> Page<MeterID>

    /// Those of the meters that exist; the list is to be no longer than a few thousand.
    func knownMeters(among meters: [MeterID]) async throws(StoreError) -> Set<MeterID>

    /// How many meters match.
    func meterCount(matching query: MeterQuery) async throws(StoreError) -> Int

    /// Removes a meter if the precondition holds; false when there was none and that was allowed.
    ///
    /// - Throws: ``StoreError/preconditionFailed(current:)``, ``StoreError/unavailable(reason:)``.
    func deleteMeter(_ id: MeterID, when precondition: WritePrecondition) async throws(StoreError) -> Bool
}

/// Which meters a list shows; conditions left out do not restrict.
public struct MeterQuery: Hashable, Sendable {
    /// A text that must occur in the identifier or the name, whatever the case of ASCII letters.
    public var search: String?
    /// Labels that must match.
    public var labels: LabelSelector
    /// The shared channel the meter must use.
    public var channel: ChannelID?
    /// The group that must list the meter; one with a selector lists none.
    public var group: MeterGroupID?
    /// The meters themselves, a few thousand at most; nil = any.
    public var among: [MeterID]?

    /// Makes a query, by default for all meters.
    public init(
        search: String? = nil,
        labels: LabelSelector = LabelSelector(),
        channel: ChannelID? = nil,
        group: MeterGroupID? = nil,
        among: [MeterID]? = nil
    ) {
        self.search = search
        self.labels = labels
        self.channel = channel
        self.group = group
        self.among = among
    }
}
