// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What the clocks of a place show; civil times are counted in seconds since 1970-01-01T00:00:00 of that clock.
public protocol TimeZoneRules: Sendable {
    /// Seconds to add to UTC to get local time at an instant, given in seconds since 1970-01-01T00:00:00Z.
    func offsetSeconds(atUTC seconds: Int64) -> Int
}

/// What instants a local time stands for, by offsets in seconds east of Greenwich.
public enum LocalTimeMeaning: Hashable, Sendable {
    /// One.
    case once(offset: Int)
    /// Two, because the clock goes back; the first has the larger offset, that of daylight saving time.
    case twice(first: Int, second: Int)
    /// None, because the clock skips it; the offset is that before the skip, by which it is moved on.
    case skipped(offset: Int)
}

extension TimeZoneRules {
    /// What a local time stands for, given in local seconds since 1970-01-01T00:00:00.
    public func meaning(ofLocal local: Int64) -> LocalTimeMeaning {
        let day: Int64 = 86_400
        let before = offsetSeconds(atUTC: local - day)
        let after = offsetSeconds(atUTC: local + day)
        if before == after { return .once(offset: before) }
        let candidates = [before, after].filter { offsetSeconds(atUTC: local - Int64($0)) == $0 }
        switch candidates.count {
        case 1: return .once(offset: candidates[0])
        case 2: return .twice(first: max(before, after), second: min(before, after))
        default: return .skipped(offset: before)
        }
    }

    /// The instant of a local time, in seconds since 1970-01-01T00:00:00Z.
    ///
    /// A local time that comes twice, when daylight saving ends, is the first of the two unless it is said to be
    /// standard time. One that does not exist is moved on by what the clock skips.
    /// - Parameters:
    ///   - local: Local seconds since 1970-01-01T00:00:00.
    ///   - isDaylightSaving: What the clock status says about it, nil if nothing.
    public func utcSeconds(ofLocal local: Int64, isDaylightSaving: Bool? = nil) -> Int64 {
        switch meaning(ofLocal: local) {
        case .once(let offset), .skipped(let offset): local - Int64(offset)
        case .twice(let first, let second): local - Int64(isDaylightSaving == false ? second : first)
        }
    }

    /// The first instant at which the clock shows a local time or, if it skips it, one later: the end of the skip.
    ///
    /// Where ``utcSeconds(ofLocal:isDaylightSaving:)`` moves 02:30 on to 03:30, this gives 03:00.
    public func firstInstant(ofLocal local: Int64) -> Int64 {
        switch meaning(ofLocal: local) {
        case .once(let offset): return local - Int64(offset)
        case .twice(let first, _): return local - Int64(first)
        case .skipped(let offset):
            // Before the skip the clock shows less than the local time, after it more.
            var low = local - Int64(offset) - 86_400
            var high = local - Int64(offset) + 86_400
            while high - low > 1 {
                let middle = low + (high - low) / 2
                if middle + Int64(offsetSeconds(atUTC: middle)) < local { low = middle } else { high = middle }
            }
            return high
        }
    }

    /// The first instant after one, and at most some seconds later, at which the offset is another; nil if none is.
    ///
    /// Exact as long as the offset changes at most once in that time.
    public func nextChange(after instant: Int64, within seconds: Int64) -> Int64? {
        let offset = offsetSeconds(atUTC: instant)
        var (low, high) = (instant, instant + seconds)
        guard offsetSeconds(atUTC: high) != offset else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offsetSeconds(atUTC: middle) == offset { low = middle } else { high = middle }
        }
        return high
    }

    /// The offset without daylight saving in the year around an instant: the smallest of its quarters.
    public func standardOffsetSeconds(atUTC seconds: Int64) -> Int {
        let quarterYear: Int64 = 7_889_400
        return (-2...2).reduce(Int.max) { min($0, offsetSeconds(atUTC: seconds + $1 * quarterYear)) }
    }
}

/// A fixed offset from UTC.
public struct FixedOffset: TimeZoneRules, Hashable {
    private let seconds: Int

    /// Makes rules with one offset, in minutes east of Greenwich.
    public init(minutes: Int) {
        seconds = minutes * 60
    }

    /// The same offset at all times.
    public func offsetSeconds(atUTC: Int64) -> Int { seconds }
}
