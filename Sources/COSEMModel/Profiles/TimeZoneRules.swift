// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a meter's local time is, for time stamps that come without a deviation.
public protocol TimeZoneRules: Sendable {
    /// Seconds to add to UTC to get local time at an instant, given in seconds since 1970-01-01T00:00:00Z.
    func offsetSeconds(atUTC seconds: Int64) -> Int
}

extension TimeZoneRules {
    /// The instant of a local time, in seconds since 1970-01-01T00:00:00Z.
    ///
    /// A local time that comes twice, when daylight saving ends, is the first of the two unless it is said to be
    /// standard time. One that does not exist is moved on by what the clock skips.
    /// - Parameters:
    ///   - local: Local seconds since 1970-01-01T00:00:00.
    ///   - isDaylightSaving: What the clock status says about it, nil if nothing.
    public func utcSeconds(ofLocal local: Int64, isDaylightSaving: Bool? = nil) -> Int64 {
        let day: Int64 = 86_400
        let before = Int64(offsetSeconds(atUTC: local - day))
        let after = Int64(offsetSeconds(atUTC: local + day))
        if before == after { return local - before }
        let candidates = [before, after].filter { Int64(offsetSeconds(atUTC: local - $0)) == $0 }
        switch candidates.count {
        case 1: return local - candidates[0]
        // The larger offset is daylight saving time and comes first.
        case 2: return local - (isDaylightSaving == false ? min(before, after) : max(before, after))
        default: return local - before
        }
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
