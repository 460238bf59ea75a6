// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Fleet
import MeterTransport

/// Meters that have dialled in to this gateway, as the others know of them.
extension ClusterNode {
    /// Tells who has dialled in here, and who has left.
    func followCallers() async {
        guard let lines = access.standingLines else { return }
        for await key in lines.changes { await noteCaller(key) }
    }

    /// Tells whether a meter has a connection to this gateway.
    func noteCaller(_ key: String) async {
        do throws(StoreError) {
            let meters = try await meters(of: key)
            guard !meters.isEmpty else { return }
            if access.standingLines?.status(of: key).isConnected == true {
                try await store.noteCallers(meters, at: record.holder)
                jobs.lookForWork()
            } else {
                try await store.forgetCallers(meters, at: record.holder)
            }
        } catch {
            logger.warning(
                "cannot tell the other gateways of a meter that dialled in",
                metadata: ["identity": "\(key)", "error": "\(error)"]
            )
        }
    }

    /// Expects a meter that another gateway has registered or changed; nil = any.
    func expectCallers(_ meter: MeterID?) async {
        // Where nobody listens for meters, a million of them need not be looked through.
        guard dialIns.isInUse else { return }
        do throws(StoreError) {
            guard let meter else { return try await dialIns.load(meters, channels) }
            dialIns.note(meter, try await meters.meter(meter)?.configuration)
        } catch {
            logger.warning("cannot see which meters dial in", metadata: ["error": "\(error)"])
        }
    }

    private func meters(of key: String) async throws(StoreError) -> [MeterID] {
        let users = dialIns.users(of: key)
        var found = Array(users.meters)
        for channel in users.channels {
            var cursor: String?
            repeat {
                let page = try await meters.meterIDs(matching: MeterQuery(channel: channel), after: cursor, limit: 1000)
                found += page.items
                cursor = page.next
            } while cursor != nil
        }
        return found
    }
}
