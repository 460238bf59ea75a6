// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Timekeeping

/// The time stamp of a row: what the meter sent, the instant it means, and how that was found.
public struct ProfileTime: Hashable, Sendable {
    /// How the instant was found; the order is that of the numbers in stores, so new ones are added at the end.
    public enum Source: String, CaseIterable, Hashable, Sendable {
        /// Local time and the deviation that the meter sent with it.
        case meterDeviation = "meter-deviation"
        /// Local time and the rules of the meter's zone.
        case timeZone = "time-zone"
        /// Local time of a clock that knows no daylight saving, and the zone's standard offset.
        case standardTime = "standard-time"
        /// The time of a clock that shows UTC.
        case utcClock = "utc-clock"
        /// Seconds since 1970 as sent.
        case unix
        /// Nothing was sent: one capture period on from the row before.
        case inferred
        /// Nothing was sent with the first row: the start of the asked range.
        case rangeStart = "range-start"
        /// Not at all: a field is open, or nothing tells the offset.
        case none
    }

    /// What makes the instant doubtful.
    public struct Marks: OptionSet, Hashable, Sendable {
        /// One bit for each mark.
        public let rawValue: UInt8

        /// Makes marks of their bits.
        public init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The local time comes twice, and nothing tells which of the two it is; the first was taken.
        public static let ambiguous = Marks(rawValue: 1)
        /// The local time does not exist: the clock skips it.
        public static let nonexistent = Marks(rawValue: 2)
        /// The deviation fits the meter's zone only with the other sign.
        public static let deviationSign = Marks(rawValue: 4)
        /// The deviation is one that no place on earth has, so that it was taken for none.
        public static let deviationImpossible = Marks(rawValue: 8)

        /// The names of the marks, such as "ambiguous-time".
        public var names: [String] {
            [
                (Marks.ambiguous, "ambiguous-time"), (.nonexistent, "nonexistent-time"),
                (.deviationSign, "deviation-sign"), (.deviationImpossible, "deviation-impossible"),
            ]
            .compactMap { contains($0.0) ? $0.1 : nil }
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z; `Int64.min` for none.
    private let instant: Int64
    /// The local time as the meter sent it, or as it follows from the rows before.
    public let dateTime: COSEMDateTime
    /// Minutes that local time is ahead of UTC; `Int16.min` for unknown.
    private let offset: Int16
    /// How the instant was found.
    public let source: Source
    /// What makes the instant doubtful.
    public let marks: Marks

    /// Makes a time of its parts, such as those in a store.
    public init(
        dateTime: COSEMDateTime,
        utcSeconds: Int64?,
        offsetMinutes: Int16?,
        source: Source,
        marks: Marks = []
    ) {
        self.dateTime = dateTime
        instant = utcSeconds ?? .min
        offset = offsetMinutes ?? .min
        self.source = source
        self.marks = marks
    }

    /// What a single date-time of a meter means, such as that of its clock.
    ///
    /// - Parameters:
    ///   - dateTime: As the meter sent it.
    ///   - zone: The meter's zone; nil leaves times without deviation without an instant.
    ///   - behaviour: How the meter's times are to be understood.
    public init(_ dateTime: COSEMDateTime, zone: (any TimeZoneRules)?, behaviour: TimeBehaviour) {
        var clock = ProfileClock(options: ProfileDecodingOptions(zone: zone, time: behaviour))
        self = clock.time(of: dateTime)
    }

    /// The instant in the local time of a zone.
    /// - Returns: nil outside of the years that COSEM can write.
    public init?(utcSeconds: Int64, zone: any TimeZoneRules) {
        let minutes = Int16(clamping: zone.offsetSeconds(atUTC: utcSeconds) / 60)
        guard let dateTime = COSEMDateTime(secondsSinceEpoch: utcSeconds, deviationMinutes: -Int(minutes)) else {
            return nil
        }
        self.init(dateTime: dateTime, utcSeconds: utcSeconds, offsetMinutes: minutes, source: .rangeStart)
    }

    /// The instant in seconds since 1970-01-01T00:00:00Z; nil if neither meter nor zone tells the offset.
    public var utcSeconds: Int64? { instant == .min ? nil : instant }

    /// Minutes that local time is ahead of UTC; nil if neither meter nor zone tells it.
    public var offsetMinutes: Int16? { offset == .min ? nil : offset }

    /// Whether the meter sent the time with its row as a date-time.
    public var isSentAsDateTime: Bool {
        switch source {
        case .meterDeviation, .timeZone, .standardTime, .utcClock, .none: true
        case .unix, .inferred, .rangeStart: false
        }
    }

    /// What the meter sent: twelve octets as hexadecimal digits or seconds since 1970; nil if it sent nothing.
    public var rawText: String? {
        if isSentAsDateTime { return Hexadecimal.text(of: dateTime.octets) }
        return source == .unix ? utcSeconds.map { String($0) } : nil
    }

    /// The RFC 3339 text, nil if a field is open.
    public var iso: String? {
        var octets: [UInt8] = []
        guard DateTimeText.append(dateTime, offsetMinutes: offsetMinutes.map(Int.init), to: &octets) else { return nil }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Why the clock is not to be trusted: the marks, and what the meter says of its clock.
    public var reasons: [String] {
        guard let status = dateTime.clockStatus, source != .unix, source != .rangeStart else { return marks.names }
        let bits: [(ClockStatus, String)] = [
            (.invalidValue, "clock-invalid"), (.doubtfulValue, "clock-doubtful"),
            (.differentClockBase, "clock-base-differs"), (.statusNotValid, "clock-status-invalid"),
        ]
        return marks.names + bits.compactMap { status.contains($0.0) ? $0.1 : nil }
    }

    /// Whether a mark or the clock status makes the time doubtful.
    @inline(__always)
    var isSuspect: Bool {
        // A different clock base is told but does not make a time wrong.
        !marks.isEmpty || (dateTime.rawClockStatus != 0xFF && dateTime.rawClockStatus & 0x0B != 0)
    }
}
