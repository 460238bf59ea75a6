// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Timekeeping

/// Times that a clock on the wall shows, counted in local seconds since 1970-01-01T00:00:00.
protocol LocalPattern {
    /// Whether it is due whenever the clock really shows such a time, so twice when an hour comes twice and not when it
    /// is skipped; otherwise each local time is due once.
    var followsClock: Bool { get }

    /// The first such time after a local time; nil if there is none within a century.
    func next(afterLocal local: Int64) -> Int64?
}

extension LocalPattern {
    /// The first occurrence after an instant, in seconds since 1970-01-01T00:00:00Z.
    func next(after instant: Int64, in zone: any TimeZoneRules) -> Occurrence? {
        followsClock ? nextByClock(after: instant, in: zone) : nextOnce(after: instant, in: zone)
    }

    private func nextOnce(after instant: Int64, in zone: any TimeZoneRules) -> Occurrence? {
        var local = instant + Int64(zone.offsetSeconds(atUTC: instant))
        // Later local times never begin earlier; those of the first pass of a repeated hour are over in the second.
        while let candidate = next(afterLocal: local) {
            let begin = zone.firstInstant(ofLocal: candidate)
            if begin > instant {
                switch zone.meaning(ofLocal: candidate) {
                case .once: return Occurrence(begin)
                case .twice: return Occurrence(begin, .firstOnly)
                case .skipped: return Occurrence(begin, .skipped(local: candidate))
                }
            }
            local = candidate
        }
        return nil
    }

    private func nextByClock(after instant: Int64, in zone: any TimeZoneRules) -> Occurrence? {
        /// Offsets last longer than that everywhere.
        let step: Int64 = 14 * 86_400
        var start = instant
        var changes = 0
        while changes < 1000 {
            let offset = Int64(zone.offsetSeconds(atUTC: start))
            guard let local = next(afterLocal: start + offset) else { return nil }
            let found = local - offset
            var change: Int64?
            var place = start
            while change == nil, place < found {
                let length = min(step, found - place)
                change = zone.nextChange(after: place, within: length)
                place += length
            }
            guard let change else {
                switch zone.meaning(ofLocal: local) {
                case .twice(let first, _): return Occurrence(found, Int(offset) == first ? .first : .second)
                case .once, .skipped: return Occurrence(found)
                }
            }
            // What the clock shows first with its new offset may be due as well.
            let after = Int64(zone.offsetSeconds(atUTC: change))
            if let first = next(afterLocal: change + after - 1), first == change + after {
                switch zone.meaning(ofLocal: first) {
                case .twice: return Occurrence(change, .second)
                case .once, .skipped: return Occurrence(change)
                }
            }
            start = change
            changes += 1
        }
        return nil
    }
}
