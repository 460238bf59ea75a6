// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSCodec
public import Timekeeping

extension ProfileBehaviour {
    /// Instants outside of 1970 to 2100 mean "from the beginning" or "to the end" to meters all the same.
    public static let knownInstants: ClosedRange<Int64> = 0...4_102_444_800

    /// The bounds of a range as a meter wants them, which select at least the rows from one instant to another.
    ///
    /// They may select more, because a meter takes whole hours only, or because local time without a deviation tells
    /// an hour twice: rows outside must be left out afterwards.
    /// - Parameters:
    ///   - from: The first instant, seconds since 1970-01-01T00:00:00Z.
    ///   - to: The last instant.
    ///   - zone: The rules of the meter's zone.
    ///   - restricting: The column that is compared; one that is no clock has UNIX time.
    /// - Returns: nil for years that COSEM cannot write.
    public func rangeBounds(
        from: Int64,
        to: Int64,
        zone: any TimeZoneRules,
        restricting: CaptureObject = .clock
    ) -> (from: DLMSData, to: DLMSData)? {
        let known = Self.knownInstants
        let first = min(max(from, known.lowerBound), known.upperBound) - (rangeStart == .exclusive ? 1 : 0)
        let last = min(max(to, known.lowerBound), known.upperBound) + (rangeEnd == .exclusive ? 1 : 0)
        let step = Int64(max(rangeStep, 1))
        guard restricting.classID == 8 else {
            return (
                .doubleLongUnsigned(UInt32(clamping: first.roundedDown(to: step))),
                .doubleLongUnsigned(UInt32(clamping: last.roundedUp(to: step)))
            )
        }
        var offsets = (offset(at: first, zone), offset(at: last, zone))
        if rangeDeviation == .unspecified, time.clockBase == .local {
            // Clocks are set by two hours at the most.
            offsets.0 = min(offsets.0, offset(at: first + 7200, zone))
            offsets.1 = max(offsets.1, offset(at: last - 7200, zone))
        }
        let begin = (first + offsets.0).roundedDown(to: step) - offsets.0
        let end = (last + offsets.1).roundedUp(to: step) - offsets.1
        guard let start = bound(begin, offset: offsets.0, zone), let stop = bound(end, offset: offsets.1, zone) else {
            return nil
        }
        return (start, stop)
    }

    /// Seconds that the meter's clock is ahead of UTC.
    private func offset(at instant: Int64, _ zone: any TimeZoneRules) -> Int64 {
        switch time.clockBase {
        case .local: Int64(zone.offsetSeconds(atUTC: instant))
        case .standardTime: Int64(zone.standardOffsetSeconds(atUTC: instant))
        case .utc: 0
        }
    }

    private func bound(_ instant: Int64, offset: Int64, _ zone: any TimeZoneRules) -> DLMSData? {
        let minutes = Int(offset / 60)
        let isDaylight = time.clockBase == .local && offset > Int64(zone.standardOffsetSeconds(atUTC: instant))
        guard
            var dateTime = COSEMDateTime(
                secondsSinceEpoch: instant,
                deviationMinutes: -minutes,
                clockStatus: rangeStatus == .unspecified ? nil : isDaylight ? .daylightSavingActive : []
            )
        else { return nil }
        switch (rangeDeviation, time.deviationSign) {
        case (.unspecified, _): dateTime.rawDeviation = .min
        case (.specified, .standard): break
        case (.specified, .inverted): dateTime.rawDeviation = Int16(clamping: minutes)
        }
        switch rangeEncoding {
        case .octetString: return .octetString(dateTime.octets)
        case .dateTime: return .dateTime(dateTime)
        }
    }
}
