// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
import Fleet
import MeterTransport

/// Finds out which meters a sender may be; remembers for a few seconds what the store said.
actor PushSenders {
    private struct Entry {
        let meters: [MeterID]
        let askedAt: ContinuousClock.Instant
    }

    /// After so long the store is asked again: another gateway may share it.
    private static let trust = Duration.seconds(10)
    /// With more identities than this in memory all are forgotten.
    private static let mostEntries = 50_000

    private let store: any PushStore
    private let directory: MeterDirectory
    private var known: [SenderIdentity: Entry] = [:]
    /// The state of the configurations that it is known of.
    private var changes: UInt64 = 0

    init(store: any PushStore, directory: MeterDirectory) {
        self.store = store
        self.directory = directory
    }

    /// The meters that have one of these identities.
    func meters(_ identities: [SenderIdentity]) async throws(StoreError) -> [MeterID] {
        if changes != directory.changes {
            changes = directory.changes
            known.removeAll()
        }
        var found: Set<MeterID> = []
        let now = ContinuousClock.Instant.now
        for identity in identities {
            if let entry = known[identity], now - entry.askedAt < Self.trust {
                found.formUnion(entry.meters)
                continue
            }
            let meters = try await store.meters(knownAs: [identity])
            if known.count >= Self.mostEntries { known.removeAll() }
            known[identity] = Entry(meters: meters, askedAt: now)
            found.formUnion(meters)
        }
        return found.sorted()
    }

    /// The meters behind the address of a message; of several those that the rest of the way fits.
    func meters(behind arrival: PushArrival) async throws(StoreError) -> [MeterID] {
        let all = try await meters([SenderIdentity(.address, arrival.address)])
        guard all.count > 1 else { return all }
        var fitting: [MeterID] = []
        for id in all {
            guard let memory = try? await directory.memory(of: id.text) else { continue }
            if Self.fits(memory.record.configuration.address, arrival.message) { fitting.append(id) }
        }
        return fitting.isEmpty ? all : fitting
    }

    /// Whether a message may come from a meter with this address on its line.
    private static func fits(_ address: MeterAddress, _ message: PushedMessage) -> Bool {
        if let device = message.deviceAddress {
            guard address.gateway?.physicalAddress == device else { return false }
        }
        if let logical = message.route.logicalDevice, logical != address.logicalDevice { return false }
        guard let physical = message.route.physicalDevice, let configured = address.physicalDevice else { return true }
        return physical == configured || physical == 0
    }
}
