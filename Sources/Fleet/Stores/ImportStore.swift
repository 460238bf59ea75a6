// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Writes many meters or channels at once.
public protocol ImportStore: Sendable {
    /// Writes meters in one transaction; gives an outcome for each, in their order.
    func importMeters(
        _ meters: [ImportEntry<MeterConfiguration>],
        as terms: ImportTerms
    ) async throws(StoreError) -> [ImportOutcome]

    /// Writes channels in one transaction; gives an outcome for each, in their order.
    func importChannels(
        _ channels: [ImportEntry<ChannelConfiguration>],
        as terms: ImportTerms
    ) async throws(StoreError) -> [ImportOutcome]
}

/// One record to be imported.
public struct ImportEntry<Configuration: Hashable & Sendable>: Hashable, Sendable {
    /// Its identifier.
    public let id: Identifier<ConfigurationRecord<Configuration>>
    /// What it is to be.
    public let configuration: Configuration

    /// Makes an entry.
    public init(_ id: Identifier<ConfigurationRecord<Configuration>>, _ configuration: Configuration) {
        self.id = id
        self.configuration = configuration
    }
}

/// How records are imported.
public struct ImportTerms: Hashable, Sendable {
    /// What becomes of a record that is there already.
    public enum Conflict: String, CaseIterable, Sendable {
        /// The new one is refused.
        case fail
        /// The new one takes its place.
        case replace
        /// The one that is there stays.
        case skip
    }

    /// What becomes of records that are there already.
    public var onConflict: Conflict
    /// Whether one that cannot be written keeps all others from being written.
    public var isWhole: Bool
    /// Whether to write nothing and only tell what would become of each.
    public var isDryRun: Bool

    /// Makes terms.
    public init(onConflict: Conflict = .fail, isWhole: Bool = false, isDryRun: Bool = false) {
        self.onConflict = onConflict
        self.isWhole = isWhole
        self.isDryRun = isDryRun
    }
}

/// What became of one record of an import, or would have.
public enum ImportOutcome: Hashable, Sendable {
    /// It is new.
    case created
    /// It took the place of another one.
    case replaced
    /// The one that was there stays.
    case skipped
    /// It is there already.
    case exists
    /// It names a channel or a group that does not exist.
    case referenceUnknown(String)

    /// Whether it was not to be so.
    public var isFailure: Bool {
        switch self {
        case .created, .replaced, .skipped: false
        case .exists, .referenceUnknown: true
        }
    }
}
