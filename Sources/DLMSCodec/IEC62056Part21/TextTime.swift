// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// A date, a time or both as meters write them in the text protocol.
///
/// Digits YYMMDD, hhmm, hhmmss, YYMMDDhhmm or YYMMDDhhmmss, with any separators between them; one more digit in front
/// names the season (IEC 62056-21 formatted values: `ZSTs`), or a letter `S` or `W` behind does, as DSMR has it. A year of
/// four digits is read, too.
public struct TextTime: Hashable, Sendable {
    /// What the time is told in.
    public enum Season: UInt8, Hashable, Sendable {
        /// The standard time of the meter's zone, all of winter.
        case standard = 0
        /// Daylight saving time.
        case daylightSaving = 1
        /// UTC.
        case utc = 2
    }

    /// The date; every field unspecified when there is none.
    public var date: COSEMDate
    /// The time of day; every field unspecified when there is none.
    public var time: COSEMTime
    /// What it is told in; nil when the meter does not say.
    public var season: Season?

    /// What a text is expected to hold; digits alone do not tell a date from a time.
    public enum Kind: Hashable, Sendable {
        /// YYMMDD.
        case date
        /// hhmm or hhmmss.
        case time
        /// Both.
        case dateTime
    }

    /// Puts date and time together.
    public init(date: COSEMDate, time: COSEMTime, season: Season? = nil) {
        self.date = date
        self.time = time
        self.season = season
    }

    /// Reads a text; nil when it holds nothing of that kind, or a date that does not exist.
    public init?(_ text: String, as kind: Kind) {
        var characters = Array(text.utf8)
        var season: Season?
        if let last = characters.last, last == 0x53 || last == 0x57 {
            season = last == 0x53 ? .daylightSaving : .standard
            characters.removeLast()
        }
        let separators = Array(" -/.:,;T".utf8)
        var digits: [Int] = []
        for character in characters where !separators.contains(character) {
            guard (0x30...0x39).contains(character) else { return nil }
            digits.append(Int(character - 0x30))
        }
        if digits.count % 2 == 1 {
            guard let named = Season(rawValue: UInt8(digits.removeFirst())), season == nil || season == named else {
                return nil
            }
            season = named
        }
        var dateDigits = 0
        if kind != .time {
            // Four digits of the year make the date two longer: 20YY with a month behind it.
            let isLong = digits.count == 8 && kind == .date || digits.count == 14
            dateDigits = isLong ? 8 : 6
        }
        guard digits.count >= dateDigits else { return nil }
        let timeDigits = digits.count - dateDigits
        switch kind {
        case .date: guard timeDigits == 0 else { return nil }
        case .time, .dateTime: guard timeDigits == 4 || timeDigits == 6 else { return nil }
        }
        func pair(_ index: Int) -> Int { digits[index] * 10 + digits[index + 1] }
        var date = COSEMDate.unspecified
        if dateDigits > 0 {
            let year = dateDigits == 8 ? pair(0) * 100 + pair(2) : 2000 + pair(0)
            date = COSEMDate(year: year, month: pair(dateDigits - 4), dayOfMonth: pair(dateDigits - 2))
            guard let days = date.daysSinceEpoch, days > 0 else { return nil }
        }
        var time = COSEMTime.unspecified
        if timeDigits > 0 {
            let second = timeDigits == 6 ? pair(dateDigits + 4) : 0
            guard pair(dateDigits) < 24, pair(dateDigits + 2) < 60, second < 60 else { return nil }
            time = COSEMTime(hour: pair(dateDigits), minute: pair(dateDigits + 2), second: second, hundredths: nil)
        }
        self.init(date: date, time: time, season: season)
    }

    /// Writes a date, a time or both the way another text of the kind is written: its separators, its season digit.
    ///
    /// - Returns: nil when the other text is none of that kind, or fields are missing.
    public func text(like other: String, as kind: Kind) -> String? {
        guard TextTime(other, as: kind) != nil else { return nil }
        var characters = Array(other.utf8)
        var suffix: [UInt8] = []
        if let last = characters.last, last == 0x53 || last == 0x57 {
            suffix = [season == .daylightSaving ? 0x53 : 0x57]
            characters.removeLast()
        }
        let places = characters.indices.filter { (0x30...0x39).contains(characters[$0]) }
        var values: [Int] = []
        let hasSeason = places.count % 2 == 1
        if hasSeason {
            guard let season else { return nil }
            values.append(Int(season.rawValue))
        }
        let count = places.count - (hasSeason ? 1 : 0)
        func append(_ number: Int?, digits: Int) -> Bool {
            guard let number else { return false }
            let text = String(number)
            let padded = String(repeating: "0", count: max(0, digits - text.count)) + text
            values += padded.suffix(digits).compactMap(\.wholeNumberValue)
            return true
        }
        if kind != .time {
            let isLong = count == 8 && kind == .date || count == 14
            guard append(date.year, digits: isLong ? 4 : 2), append(date.month, digits: 2),
                append(date.dayOfMonth, digits: 2)
            else { return nil }
        }
        if kind != .date {
            let timeDigits = count - (kind == .time ? 0 : count == 14 ? 8 : 6)
            guard append(time.hour, digits: 2), append(time.minute, digits: 2) else { return nil }
            if timeDigits == 6, !append(time.second, digits: 2) { return nil }
        }
        guard values.count == places.count else { return nil }
        for (place, value) in zip(places, values) { characters[place] = 0x30 + UInt8(value) }
        return String(decoding: characters + suffix, as: UTF8.self)
    }
}
