// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import COSEMModel
import DLMSCodec
import Fleet
public import Timekeeping

/// What a meter's clock shows, and what that means.
public struct ClockReading: Sendable {
    /// The clock object.
    public let object: MeterObject
    /// What the meter sent, the instant it means and how that was found.
    public let time: ProfileTime
    /// The moment at which the meter looked at its clock, as far as we know.
    public let readAt: Timestamp
    /// How far ``readAt`` may be wrong, and the resolution of the meter's time.
    public let uncertainty: Duration
    /// How far the meter is ahead of the gateway; nil when its time does not tell an instant.
    public let offset: Duration?
    /// The standard deviation of the meter's zone in minutes, as the meter has it (attribute 3); nil if not read.
    public let timeZoneMinutes: Int?
    /// Whether the meter changes to daylight saving time by itself (attribute 8); nil if not read.
    public let isDaylightSavingEnabled: Bool?
    /// Whether its settings agree with the configured zone; nil if not read.
    public let zone: ClockZone?
    /// The association in which it was read.
    public let association: String

    /// Why nobody can tell for certain by how much the clock is wrong; nil when one can.
    public var ambiguity: String? {
        if time.utcSeconds == nil { return "its time does not tell an instant" }
        if time.marks.contains(.ambiguous) { return "its local time comes twice today" }
        if time.marks.contains(.nonexistent) { return "its local time does not exist today" }
        if time.marks.contains(.deviationSign) {
            return "its deviation fits the configured time zone only with the other sign"
        }
        return nil
    }
}

/// How a clock is to be corrected.
public struct ClockSyncWish: Hashable, Sendable {
    /// How the time gets into the meter (Blue Book, class 8).
    public enum Mode: String, CaseIterable, Hashable, Sendable {
        /// The time is written (attribute 2).
        case set
        /// The time is preset and then taken over (methods 5 and 4).
        case adjust
        /// The clock is moved by the difference, at most 900 seconds (method 6).
        case shift
    }

    /// How the time gets into the meter.
    public var mode: Mode
    /// A larger difference is refused.
    public var maxAdjust: Duration
    /// A difference that is not larger is left alone.
    public var minAdjust: Duration
    /// Whether to do everything but the correction.
    public var isDryRun: Bool
    /// Whether the clock may be moved over a moment at which the meter captures rows.
    public var crossesBoundaries: Bool

    /// Makes a wish; by default the time is written if it is off by more than 2 seconds and not more than an hour.
    public init(
        mode: Mode = .set,
        maxAdjust: Duration = .seconds(3600),
        minAdjust: Duration = .seconds(2),
        isDryRun: Bool = false,
        crossesBoundaries: Bool = false
    ) {
        self.mode = mode
        self.maxAdjust = maxAdjust
        self.minAdjust = minAdjust
        self.isDryRun = isDryRun
        self.crossesBoundaries = crossesBoundaries
    }
}

/// What came of correcting a clock.
public struct ClockSyncOutcome: Sendable {
    /// What was wished.
    public let wish: ClockSyncWish
    /// The clock before.
    public let before: ClockReading
    /// The clock after; nil when it was left alone.
    public let after: ClockReading?
    /// Whether something was sent that changes the clock.
    public let isAdjusted: Bool
}
