// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import Fleet
import Timekeeping

/// Reads and corrects the clock of a meter (Blue Book, class 8).
struct ClockProcedure: Sendable {
    private static let classID: UInt16 = 8
    /// Where nearly all meters have their clock.
    static let usualName = OBISCode(0, 0, 1, 0, 0, 255)
    /// The most seconds that shift_time moves a clock by.
    private static let longestShift: Int64 = 900
    /// How far a clock may be off right after it was corrected.
    private static let tolerance = Duration.seconds(10)

    let access: ProcedureAccess
    let clock: any WallClock
    /// Keeps a correction from passing moments of capture.
    var captures = CaptureGuard(periods: [])

    private var zone: ZoneInfo { ZoneInfo(name: access.memory.record.configuration.timeZone) ?? .utc }
    private var behaviour: TimeBehaviour { access.memory.behaviour.behaviour.profiles.time }

    /// Reads the clock.
    ///
    /// - Parameter withSettings: whether to read zone and daylight saving, too.
    func read(withSettings: Bool = true) async throws(GatewayError) -> ClockReading {
        // Nearly all meters have the clock where the catalogue has it; a long object list need not be read for that.
        if access.memory.objectList(access.association) == nil {
            let likely = MeterObject(logicalName: Self.usualName, classID: Self.classID, version: 0)
            do throws(GatewayError) {
                return try await read(likely, withSettings: withSettings)
            } catch .objectUndefined {
                // It is elsewhere, or there is none.
            }
        }
        let object = try await access.object(of: Self.classID, named: nil, usually: Self.usualName)
        return try await read(object, withSettings: withSettings)
    }

    private func read(_ object: MeterObject, withSettings: Bool) async throws(GatewayError) -> ClockReading {
        // The time alone, so that reading other attributes does not make it older.
        let answer = try await access.readTimed([2], of: object)
        let readAt = clock.now() - answer.exchange / 2
        guard let value = try answer.values[2]?.get() else { throw .internal(reason: "a GET has no result") }
        guard let dateTime = value.clockTime else {
            throw .protocolError(access.memory.id, reason: "its clock shows no date-time")
        }
        let time = ProfileTime(dateTime, zone: zone, behaviour: behaviour)
        let hundredths = dateTime.time.hundredths
        let offset = time.utcSeconds.map { seconds in
            Timestamp(seconds: seconds) + .milliseconds(10 * (hundredths ?? 0)) - readAt
        }
        let settings = withSettings ? try await access.read([3, 5, 6, 7, 8], of: object) : [:]
        let own = ClockZone.Settings(settings.compactMapValues { try? $0.get() })
        return ClockReading(
            object: object,
            time: time,
            readAt: readAt,
            uncertainty: answer.exchange / 2 + (hundredths == nil ? .seconds(1) : .milliseconds(10)),
            offset: offset,
            timeZoneMinutes: own.timeZoneMinutes,
            isDaylightSavingEnabled: own.isEnabled,
            zone: withSettings ? ClockZone(own, zone: zone, behaviour: behaviour, now: readAt) : nil,
            association: access.association
        )
    }

    /// Corrects the clock once, unless nobody can tell by how much it is wrong.
    ///
    /// - Parameter permit: called right before something is sent that changes the clock.
    /// - Throws: ``GatewayError/clockAmbiguous(_:reason:)``, ``GatewayError/adjustmentTooLarge(_:offset:allowed:)``,
    ///   ``GatewayError/captureBoundary(_:period:until:)``, and what `permit` throws.
    func synchronize(
        _ wish: ClockSyncWish,
        permit: () async throws -> Void = {}
    ) async throws -> ClockSyncOutcome {
        let before = try await read()
        let offset = try Self.checkedOffset(of: before, wish, access.memory.id)
        guard offset.magnitude > wish.minAdjust else {
            return ClockSyncOutcome(wish: wish, before: before, after: nil, isAdjusted: false)
        }
        let latency = before.uncertainty
        // Whether the time can be told to the meter at all is found out before a dry run ends.
        _ = try encoded(clock.now() + latency, like: before.time.dateTime)
        if !wish.crossesBoundaries { try checkCaptures(before, offset) }
        guard !wish.isDryRun else {
            return ClockSyncOutcome(wish: wish, before: before, after: nil, isAdjusted: false)
        }
        try await permit()
        switch wish.mode {
        case .set:
            let time = try encoded(clock.now() + latency, like: before.time.dateTime)
            try await access.write(.octetString(time.octets), to: 2, of: before.object)
        case .adjust:
            try await presetAndTakeOver(before, latency)
        case .shift:
            let seconds = -Self.wholeSeconds(offset)
            try await access.invoke(6, of: before.object, .long(Int16(clamping: seconds)))
        }
        let after = try await read(before.object, withSettings: false)
        guard let left = after.offset, left.magnitude <= Self.tolerance + after.uncertainty else {
            throw GatewayError.verificationFailed(access.target(before.object, .attribute(2)))
        }
        return ClockSyncOutcome(wish: wish, before: before, after: after, isAdjusted: true)
    }

    /// Finds out by reading whether a correction took effect whose answer was lost.
    func resolve(_ wish: ClockSyncWish) async throws(GatewayError) -> ClockSyncOutcome {
        let reading = try await read(withSettings: false)
        guard let offset = reading.offset, reading.ambiguity == nil else {
            throw .clockAmbiguous(access.memory.id, reason: reading.ambiguity ?? "its time tells no instant")
        }
        guard offset.magnitude <= max(Self.tolerance, wish.minAdjust) + reading.uncertainty else {
            throw .verificationFailed(access.target(reading.object, .attribute(2)))
        }
        return ClockSyncOutcome(wish: wish, before: reading, after: reading, isAdjusted: true)
    }

    /// Refuses a correction that would pass a moment at which rows are captured.
    private func checkCaptures(_ reading: ClockReading, _ offset: Duration) throws(GatewayError) {
        let local = reading.time.dateTime.localSecondsSinceEpoch ?? 0
        let crossing = captures.crossing(
            now: clock.now(),
            offset: offset,
            // Reading took one exchange, writing takes up to two.
            margin: reading.uncertainty * 4,
            zone: local - (reading.time.utcSeconds ?? local)
        )
        guard let crossing else { return }
        throw .captureBoundary(access.memory.id, period: crossing.period, until: crossing.freeAt)
    }

    /// Method 5 takes the time together with the interval in which method 4 may take it over.
    private func presetAndTakeOver(_ before: ClockReading, _ latency: Duration) async throws(GatewayError) {
        let form = before.time.dateTime
        // Two exchanges lie between now and the take-over.
        let now = clock.now() + latency * 3
        let interval = Duration.seconds(600)
        try await access.invoke(
            5,
            of: before.object,
            .structure([
                .octetString(try encoded(now, like: form).octets),
                .octetString(try encoded(now + (.zero - interval), like: form).octets),
                .octetString(try encoded(now + interval, like: form).octets),
            ])
        )
        try await access.invoke(4, of: before.object)
    }

    private static func checkedOffset(
        of reading: ClockReading,
        _ wish: ClockSyncWish,
        _ meter: MeterID
    ) throws(GatewayError) -> Duration {
        if let ambiguity = reading.ambiguity { throw .clockAmbiguous(meter, reason: ambiguity) }
        guard let offset = reading.offset else { throw .clockAmbiguous(meter, reason: "its time tells no instant") }
        let allowed = wish.mode == .shift ? min(wish.maxAdjust, .seconds(longestShift)) : wish.maxAdjust
        guard offset.magnitude <= allowed else {
            throw .adjustmentTooLarge(meter, offset: offset, allowed: allowed)
        }
        return offset
    }

    /// An instant as the meter writes its own times: what it leaves open stays open.
    private func encoded(_ instant: Timestamp, like form: COSEMDateTime) throws(GatewayError) -> COSEMDateTime {
        let seconds = instant.seconds
        let standard = zone.standardOffsetSeconds(atUTC: seconds)
        let offset =
            switch behaviour.clockBase {
            case .local: zone.offsetSeconds(atUTC: seconds)
            case .standardTime: standard
            case .utc: 0
            }
        let hundredths = Int((instant.microseconds - seconds * 1_000_000) / 10_000)
        guard
            var time = COSEMDateTime(
                secondsSinceEpoch: seconds,
                deviationMinutes: -offset / 60,
                hundredths: form.time.hundredths == nil ? nil : hundredths,
                clockStatus: form.rawClockStatus == 0xFF
                    ? nil : (behaviour.clockBase == .local && offset != standard ? .daylightSavingActive : [])
            )
        else { throw .internal(reason: "the present time cannot be written") }
        if form.date.rawDayOfWeek == 0xFF { time.date.rawDayOfWeek = 0xFF }
        if form.rawDeviation == .min {
            time.rawDeviation = .min
        } else if behaviour.deviationUse == .ignored {
            time.rawDeviation = form.rawDeviation
        } else if behaviour.deviationSign == .inverted {
            time.rawDeviation = Int16(clamping: offset / 60)
        }
        let understood = ProfileTime(time, zone: zone, behaviour: behaviour)
        guard understood.marks.isEmpty, understood.utcSeconds == seconds else {
            throw .clockAmbiguous(access.memory.id, reason: "the present local time comes twice today")
        }
        return time
    }

    private static func wholeSeconds(_ duration: Duration) -> Int64 {
        let half = Duration.milliseconds(duration < .zero ? -500 : 500)
        return (duration + half).components.seconds
    }
}

extension Duration {
    /// The duration without its sign.
    var magnitude: Duration { self < .zero ? .zero - self : self }
}

extension DLMSData {
    /// The date-time of an attribute of a clock: 12 octets, tagged or not; nil for anything else.
    var clockTime: COSEMDateTime? {
        switch self {
        case .octetString(let octets): try? COSEMDateTime(octets: octets)
        case .dateTime(let dateTime): dateTime
        default: nil
        }
    }

    /// A boolean's truth, nil for anything else.
    var truth: Bool? {
        if case .boolean(let flag) = self { flag } else { nil }
    }
}
