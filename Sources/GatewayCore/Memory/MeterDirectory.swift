// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import JSONText
import MeterSessions
import Synchronization

/// Finds meters by their id: in memory if they were looked at a moment ago, else in the store.
///
/// A lock and not an actor, for the reason of ``MeterMemory``.
final class MeterDirectory: Sendable {
    private struct Entry {
        let memory: MeterMemory
        let lookedAt: ContinuousClock.Instant
    }

    private struct Contents {
        var entries: [MeterID: Entry] = [:]
        /// By the name of the model.
        var models: [String: ModelMemory] = [:]
        /// How often something was forgotten: what was read from the store before that may be old.
        var changes: UInt64 = 0
    }

    /// After so long the store is asked again whether the configuration changed: another gateway may share the store.
    private static let trust = Duration.seconds(2)
    /// With more meters than this in memory, those that were not looked at for longest make room.
    private static let mostMeters = 50_000
    /// The model of meters of which nothing is known.
    private static let genericModel = "generic"
    /// More models than this are not kept.
    private static let mostModels = 1000

    private let meters: any MeterStore
    private let channels: any ChannelStore
    private let learned: any LearnedQuirkStore
    private let readouts: any ReadoutStore
    /// What was found of meters concerns their configuration.
    private let news: LinkNews
    private let systemTitle: SystemTitle?
    private let contents = Mutex(Contents())

    init(
        meters: any MeterStore,
        channels: any ChannelStore,
        learned: any LearnedQuirkStore,
        readouts: any ReadoutStore,
        news: LinkNews,
        systemTitle: SystemTitle? = nil
    ) {
        self.learned = learned
        self.readouts = readouts
        self.news = news
        self.systemTitle = systemTitle
        self.meters = meters
        self.channels = channels
    }

    /// The meter with this id.
    ///
    /// - Throws: ``GatewayError/meterUnknown(text:)``, ``GatewayError/channelUnknown(text:)``, errors of the store.
    func memory(of text: String) async throws(GatewayError) -> MeterMemory {
        guard let id = MeterID(text) else { throw .meterUnknown(text: text) }
        let now = ContinuousClock.now
        let (known, changes) = contents.withLock { ($0.entries[id], $0.changes) }
        if let known, now - known.lookedAt < Self.trust { return known.memory }
        let record = try await translating(await meters.meter(id))
        guard let record else {
            forget(id, isRemoved: true)
            throw .meterUnknown(text: text)
        }
        let channel = try await sharedChannel(of: record)
        let group = try await group(of: record, channel)
        if let known, known.memory.record.revision == record.revision,
            known.memory.channelRevision == channel?.revision, known.memory.groupRevision == group?.revision
        {
            keep(known.memory, now, unlessChangedSince: changes)
            return known.memory
        }
        let memory = try makeMemory(
            record,
            channel,
            group,
            try await learnedQuirks(of: id),
            readouts: try await readouts(of: record)
        )
        keep(memory, now, unlessChangedSince: changes)
        return memory
    }

    /// What is kept of a model; nil for the one that says nothing about a meter.
    private func model(_ name: String) -> ModelMemory? {
        guard name != Self.genericModel else { return nil }
        return contents.withLock { contents in
            if let known = contents.models[name] { return known }
            if contents.models.count >= Self.mostModels { contents.models.removeAll() }
            let new = ModelMemory()
            contents.models[name] = new
            return new
        }
    }

    /// A meter with other secrets in some places, to be tried in an association of its own; it is not kept.
    func trial(
        of record: MeterRecord,
        with secrets: [JSONPointer: Secret]
    ) async throws(GatewayError) -> MeterMemory {
        let configuration: MeterConfiguration
        do throws(JSONMemberError) {
            configuration = try record.configuration.replacing(secrets)
        } catch {
            throw .internal(reason: "a configuration does not take other secrets")
        }
        // Another revision makes the connection manager associate anew.
        let trial = MeterRecord(
            id: record.id,
            configuration: configuration,
            revision: .next(),
            createdAt: record.createdAt,
            updatedAt: record.updatedAt
        )
        let channel = try await sharedChannel(of: record)
        return try makeMemory(
            trial,
            channel,
            try await group(of: record, channel),
            try await learnedQuirks(of: record.id)
        )
    }

    /// What was learned about a meter.
    func learnedQuirks(of id: MeterID) async throws(GatewayError) -> [LearnedQuirk] {
        try await translating(await learned.learnedQuirks(id))
    }

    /// The readouts that are kept of a meter that speaks IEC 62056-21.
    private func readouts(of record: MeterRecord) async throws(GatewayError) -> [StoredReadout] {
        guard record.configuration.framing == .iec62056Part21 else { return [] }
        return try await translating(await readouts.readouts(record.id))
    }

    private func makeMemory(
        _ record: MeterRecord,
        _ channel: ChannelRecord?,
        _ group: ChannelGroupRecord?,
        _ learned: [LearnedQuirk],
        readouts: [StoredReadout] = []
    ) throws(GatewayError) -> MeterMemory {
        let behaviour = record.configuration.behaviour(learned: learned)
        return MeterMemory(
            record: record,
            channelRevision: channel?.revision,
            groupRevision: group?.revision,
            behaviour: behaviour,
            route: try MeterRoute(
                record,
                sharedChannel: channel,
                group: group,
                behaviour: behaviour.behaviour,
                systemTitle: systemTitle
            ),
            model: behaviour.behaviour.scalers == .kept && record.configuration.framing != .iec62056Part21
                ? model(record.configuration.model) : nil,
            readouts: readouts
        )
    }

    /// Grows with every change of a configuration through this process.
    var changes: UInt64 { contents.withLock { $0.changes } }

    /// What is in memory of a meter, without asking the store.
    func known(_ id: MeterID) -> MeterMemory? {
        contents.withLock { $0.entries[id]?.memory }
    }

    /// Forgets a meter whose configuration was changed, or that was removed.
    func forget(_ id: MeterID, isRemoved: Bool = false) {
        contents.withLock { contents in
            contents.changes &+= 1
            contents.entries.removeValue(forKey: id)?.memory.distrust()
        }
        // After the memory is known to be old, with which nothing is found any more.
        news.forget(id, isRemoved: isRemoved)
    }

    /// Forgets all meters, after a shared channel or a group was changed, or lines were given up.
    ///
    /// - Parameter shares: those of the lines; nil = what was found of meters may concern others.
    func forgetAll(findingsOf shares: Set<Int>? = nil) {
        contents.withLock { contents in
            contents.changes &+= 1
            for entry in contents.entries.values { entry.memory.distrust() }
            contents.entries.removeAll()
        }
        news.forgetAll(shares: shares)
    }

    private func keep(_ memory: MeterMemory, _ now: ContinuousClock.Instant, unlessChangedSince changes: UInt64) {
        contents.withLock { contents in
            guard contents.changes == changes else { return }
            if contents.entries.count >= Self.mostMeters, contents.entries[memory.id] == nil {
                let oldest = contents.entries.sorted { $0.value.lookedAt < $1.value.lookedAt }
                for (id, entry) in oldest.prefix(Self.mostMeters / 10) {
                    contents.entries.removeValue(forKey: id)
                    entry.memory.distrust()
                }
            }
            let former = contents.entries.updateValue(Entry(memory: memory, lookedAt: now), forKey: memory.id)
            if let former, former.memory !== memory { former.memory.distrust() }
            memory.trust(until: now + Self.trust)
        }
    }

    private func sharedChannel(of record: MeterRecord) async throws(GatewayError) -> ChannelRecord? {
        guard case .shared(let id) = record.configuration.channel else { return nil }
        let channel = try await translating(await channels.channel(id))
        guard let channel else { throw .channelUnknown(text: id.text) }
        return channel
    }

    private func group(
        of record: MeterRecord,
        _ channel: ChannelRecord?
    ) async throws(GatewayError) -> ChannelGroupRecord? {
        guard let id = MeterRoute.group(record.configuration, channel) else { return nil }
        let group = try await translating(await channels.channelGroup(id))
        guard let group else { throw .channelUnknown(text: id.text) }
        return group
    }
}
