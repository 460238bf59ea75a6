// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSSecurity
import Fleet
import Synchronization

/// The counters that meters have used, as this process has seen them, and which of them are not stored yet.
///
/// A lock and not an actor, because every answer of a meter comes here.
final class PeerCounterLog: Sendable {
    private struct Key: Hashable {
        var meter: MeterID
        var key: KeyFingerprint
    }

    private struct Contents {
        var last: [Key: PeerCounter] = [:]
        var news: Set<Key> = []
    }

    private let contents = Mutex(Contents())

    /// The last counter of a meter, if it answered this process.
    func last(of meter: MeterID, key: KeyFingerprint) -> PeerCounter? {
        contents.withLock { $0.last[Key(meter: meter, key: key)] }
    }

    /// A meter has used a counter; a lower one than before counts only for another system title.
    func note(_ counter: PeerCounter) {
        contents.withLock { contents in
            let key = Key(meter: counter.meter, key: counter.id.key)
            if let known = contents.last[key], known.id == counter.id, known.value >= counter.value { return }
            contents.last[key] = counter
            contents.news.insert(key)
        }
    }

    /// What was not stored yet, which counts as stored from now on.
    func takeNews() -> [PeerCounter] {
        contents.withLock { contents in
            let news = contents.news.compactMap { contents.last[$0] }
            contents.news.removeAll()
            return news
        }
    }

    /// Storing it failed.
    func putBack(_ news: [PeerCounter]) {
        contents.withLock { contents in
            for counter in news { contents.news.insert(Key(meter: counter.meter, key: counter.id.key)) }
        }
    }
}
