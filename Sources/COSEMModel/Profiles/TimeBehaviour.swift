// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How the times that a meter writes are to be understood; the defaults are what the Blue Book says.
public struct TimeBehaviour: Hashable, Sendable {
    /// What the sign of a deviation means.
    public enum DeviationSign: String, CaseIterable, Hashable, Sendable {
        /// UTC = local time + deviation; -60 in a zone one hour ahead of UTC.
        case standard
        /// Observed in several models and companion specifications: UTC = local time - deviation, as in ISO 8601.
        case inverted
    }

    /// Whether a deviation that is given counts.
    public enum DeviationUse: String, CaseIterable, Hashable, Sendable {
        /// It tells the instant.
        case trusted
        /// Observed: it is always 0, or stays the same over the year; only local time counts.
        case ignored
    }

    /// What the clock shows; it decides about the instant where no deviation is given or none counts.
    public enum ClockBase: String, CaseIterable, Hashable, Sendable {
        /// The civil time of the meter's zone, with daylight saving.
        case local
        /// Observed: the standard time of the zone all year, whatever the daylight-saving bit says.
        case standardTime = "standard-time"
        /// Observed: UTC, whatever the zone.
        case utc
    }

    /// What the daylight-saving bit of the clock status decides in the hour that comes twice.
    public enum DaylightBit: String, CaseIterable, Hashable, Sendable {
        /// Which of the two hours it is.
        case decides
        /// Nothing: the meter sets it at will, or never.
        case informative
    }

    /// What the sign of a deviation means.
    public var deviationSign: DeviationSign
    /// Whether a deviation that is given counts.
    public var deviationUse: DeviationUse
    /// What the clock shows where no deviation counts.
    public var clockBase: ClockBase
    /// What the daylight-saving bit decides.
    public var daylightBit: DaylightBit

    /// Makes a behaviour; what is left out is as the standard says.
    public init(
        deviationSign: DeviationSign = .standard,
        deviationUse: DeviationUse = .trusted,
        clockBase: ClockBase = .local,
        daylightBit: DaylightBit = .decides
    ) {
        self.deviationSign = deviationSign
        self.deviationUse = deviationUse
        self.clockBase = clockBase
        self.daylightBit = daylightBit
    }

    /// As the Blue Book says.
    public static let standard = TimeBehaviour()
}
