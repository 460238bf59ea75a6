// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
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

    /// After so long the store is asked again whether the configuration changed: another gateway may share the store.
    private static let trust = Duration.seconds(2)
    /// With more meters than this in memory, those that were not looked at for longest make room.
    private static let mostMeters = 50_000

    private let meters: any MeterStore
    private let channels: any ChannelStore
    private let entries = Mutex<[MeterID: Entry]>([:])

    init(meters: any MeterStore, channels: any ChannelStore) {
        self.meters = meters
        self.channels = channels
    }

    /// The meter with this id.
    ///
    /// - Throws: ``GatewayError/meterUnknown(text:)``, ``GatewayError/channelUnknown(text:)``, errors of the store.
    func memory(of text: String) async throws(GatewayError) -> MeterMemory {
        guard let id = MeterID(text) else { throw .meterUnknown(text: text) }
        let now = ContinuousClock.now
        let known = entries.withLock { $0[id] }
        if let known, now - known.lookedAt < Self.trust { return known.memory }
        let record: MeterRecord?
        do throws(StoreError) {
            record = try await meters.meter(id)
        } catch {
            throw GatewayError(error)
        }
        guard let record else {
            forget(id)
            throw .meterUnknown(text: text)
        }
        let channel = try await sharedChannel(of: record)
        if let known, known.memory.record.revision == record.revision,
            known.memory.channelRevision == channel?.revision
        {
            keep(known.memory, now)
            return known.memory
        }
        let memory = MeterMemory(
            record: record,
            channelRevision: channel?.revision,
            route: try MeterRoute(record, sharedChannel: channel)
        )
        keep(memory, now)
        return memory
    }

    /// What is in memory of a meter, without asking the store.
    func known(_ id: MeterID) -> MeterMemory? {
        entries.withLock { $0[id]?.memory }
    }

    /// Forgets a meter whose configuration was changed.
    func forget(_ id: MeterID) {
        _ = entries.withLock { $0.removeValue(forKey: id) }
    }

    /// Forgets all meters, after a shared channel was changed.
    func forgetAll() {
        entries.withLock { $0.removeAll() }
    }

    private func keep(_ memory: MeterMemory, _ now: ContinuousClock.Instant) {
        entries.withLock { entries in
            if entries.count >= Self.mostMeters, entries[memory.id] == nil {
                let oldest = entries.sorted { $0.value.lookedAt < $1.value.lookedAt }.prefix(Self.mostMeters / 10)
                for (id, _) in oldest { entries.removeValue(forKey: id) }
            }
            entries[memory.id] = Entry(memory: memory, lookedAt: now)
        }
    }

    private func sharedChannel(of record: MeterRecord) async throws(GatewayError) -> ChannelRecord? {
        guard case .shared(let id) = record.configuration.channel else { return nil }
        let channel: ChannelRecord?
        do throws(StoreError) {
            channel = try await channels.channel(id)
        } catch {
            throw GatewayError(error)
        }
        guard let channel else { throw .channelUnknown(text: id.text) }
        return channel
    }
}
