// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
public import Timekeeping

/// A value as it was stored.
public struct StoredReading: Hashable, Sendable {
    /// What it is of.
    public let series: ReadingSeries
    /// The moment it is of, in UTC.
    public let at: Timestamp
    /// The value, before scaling.
    public let value: ReadingValue
    /// Its scaler and unit; nil if it has none or they were not known.
    public let scalerUnit: ScalerUnit?
    /// How far it can be trusted.
    public let quality: ProfileQuality
    /// Why it is not to be trusted; `revised` if there is an earlier, different value.
    public let reasons: [String]
    /// When it came in.
    public let receivedAt: Timestamp
    /// What else is known of it; nil if that was not asked for.
    public let detail: Detail?

    /// What is known of a reading beside its value.
    public struct Detail: Hashable, Sendable {
        /// On whose behalf it came in; nil when that was not kept.
        public let origin: ReadingOrigin?
        /// The time of its row as the meter sent it: twelve octets as hexadecimal digits, or seconds since 1970; nil for
        /// values that the meter gave no time.
        public let rawTime: String?
        /// How the instant was found; nil for values that the meter gave no time, whose moment is the gateway's.
        public let timeSource: ProfileTime.Source?
        /// The status word of its row; nil if it has none.
        public let status: UInt64?

        /// Makes details.
        public init(
            origin: ReadingOrigin?,
            rawTime: String? = nil,
            timeSource: ProfileTime.Source? = nil,
            status: UInt64? = nil
        ) {
            self.origin = origin
            self.rawTime = rawTime
            self.timeSource = timeSource
            self.status = status
        }
    }

    /// Makes a record.
    public init(
        series: ReadingSeries,
        at: Timestamp,
        value: ReadingValue,
        scalerUnit: ScalerUnit?,
        quality: ProfileQuality,
        reasons: [String],
        receivedAt: Timestamp,
        detail: Detail? = nil
    ) {
        self.series = series
        self.at = at
        self.value = value
        self.scalerUnit = scalerUnit
        self.quality = quality
        self.reasons = reasons
        self.receivedAt = receivedAt
        self.detail = detail
    }
}
