// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What has to be woken and when, the soonest first: one for all channels, so that an idle channel costs no timer.
///
/// A binary heap. Entries that no longer hold are not taken out; who is woken in vain finds that out by itself.
struct WakeQueue<Reason> {
    private var entries: [(instant: ContinuousClock.Instant, reason: Reason)] = []

    /// How many entries there are, those that no longer hold included.
    var count: Int { entries.count }

    /// When the next one has to be woken.
    var next: ContinuousClock.Instant? { entries.first?.instant }

    /// Adds an entry.
    mutating func add(_ reason: Reason, at instant: ContinuousClock.Instant) {
        entries.append((instant, reason))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].instant < entries[parent].instant else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the soonest entry if its time has come.
    mutating func popDue(_ now: ContinuousClock.Instant) -> (instant: ContinuousClock.Instant, reason: Reason)? {
        guard let first = entries.first, first.instant <= now else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        var parent = 0
        while true {
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            var soonest = parent
            if left < entries.count, entries[left].instant < entries[soonest].instant { soonest = left }
            if right < entries.count, entries[right].instant < entries[soonest].instant { soonest = right }
            guard soonest != parent else { return first }
            entries.swapAt(parent, soonest)
            parent = soonest
        }
    }
}
