// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// A time in which a push set-up may push; fields that are left open repeat it, every hour, day, week, month or year.
struct PushWindow {
    private static let minutesAhead: Int64 = 31 * 1440

    private let start: COSEMDateTime
    private let end: COSEMDateTime

    /// Takes a structure of two date-times; nil when it is none.
    init?(_ data: DLMSData) {
        guard case .structure(let parts) = data, parts.count == 2, case .octetString(let opening) = parts[0],
            case .octetString(let closing) = parts[1], let start = try? COSEMDateTime(octets: opening),
            let end = try? COSEMDateTime(octets: closing)
        else { return nil }
        (self.start, self.end) = (start, end)
    }

    /// Seconds until the window is open, 0 when it is, and nil when it does not open within a month; looks at whole minutes.
    ///
    /// - Parameter offset: seconds that local time is ahead of UTC.
    func wait(at time: Int64, offset: Int64) -> Int64? {
        let local = time + offset
        if let start = start.localSecondsSinceEpoch, let end = end.localSecondsSinceEpoch {
            let wait = max(0, start - local)
            return local < end && wait <= Self.minutesAhead * 60 ? wait : nil
        }
        let minute = local - local.quotientAndRemainder(dividingBy: 60).remainder
        if isOpen(at: minute) { return 0 }
        for ahead in 1...Self.minutesAhead where Self.matches(start, minute + ahead * 60) {
            return minute + ahead * 60 - local
        }
        return nil
    }

    /// Whether the window opened after it closed last.
    private func isOpen(at minute: Int64) -> Bool {
        for back in 0...Self.minutesAhead {
            let instant = minute - back * 60
            if Self.matches(end, instant) { return false }
            if Self.matches(start, instant) { return true }
        }
        return false
    }

    private static func matches(_ pattern: COSEMDateTime, _ local: Int64) -> Bool {
        guard let moment = COSEMDateTime(secondsSinceEpoch: local, deviationMinutes: 0) else { return false }
        func fits(_ wanted: Int?, _ found: Int?) -> Bool { wanted == nil || wanted == found }
        return fits(pattern.time.minute, moment.time.minute) && fits(pattern.time.hour, moment.time.hour)
            && fits(pattern.date.dayOfMonth, moment.date.dayOfMonth) && fits(pattern.date.month, moment.date.month)
            && fits(pattern.date.dayOfWeek, moment.date.dayOfWeek) && fits(pattern.date.year, moment.date.year)
    }
}
