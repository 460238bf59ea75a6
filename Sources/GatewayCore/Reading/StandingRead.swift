// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// The promise that a read would find the same values in memory again, for as long as it is kept.
///
/// It ends when a value becomes too old for the caller's words, when anything about the meter is read anew, written or forgotten,
/// and when the meter's configuration is changed, removed or due to be looked up again.
public struct StandingRead: Sendable {
    let memory: MeterMemory
    let generation: UInt64
    let metrics: GatewayMetrics
    /// The first moment at which a value is too old; nil if none ever is.
    var end: Timestamp?

    /// Whether the same read would give the same now; if so it counts as one.
    ///
    /// - Parameters:
    ///   - now: the present time of day, by which values age.
    ///   - instant: the same moment, by which the configuration is trusted.
    public func isRepeated(at now: Timestamp, _ instant: ContinuousClock.Instant) -> Bool {
        if let end, now >= end { return false }
        guard memory.isUnchanged(since: generation, now: instant) else { return false }
        metrics.valueHits.increment()
        return true
    }

    /// Takes in that a value of `moment` is good for `limit`; nil for ever.
    mutating func bound(_ moment: Timestamp, _ limit: Duration?) {
        guard let limit else { return }
        let last = moment + limit
        end = end.map { min($0, last) } ?? last
    }
}
