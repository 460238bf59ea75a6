// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a meter's local time is, for time stamps that come without a deviation.
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
