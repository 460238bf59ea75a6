// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

/// Where a text meter tells the time: date and time of day in two data sets, or both in one.
struct TextClock: Hashable, Sendable {
    /// The clock object that stands for it (Blue Book, class 8).
    static let logicalName = OBISCode(0, 0, 1, 0, 0, 255)
    static let classID: UInt16 = 8

    private static let timeOfDay = OBISCode(1, 0, 0, 9, 1, 255)
    private static let date = OBISCode(1, 0, 0, 9, 2, 255)
    /// `1.0.0` with the medium left out.
    private static let reduced = OBISCode(1, 0, 1, 0, 0, 255)

    /// The data sets.
    enum Form: Hashable, Sendable {
        /// Their addresses.
        case separate(date: String, time: String)
        /// Its address.
        case together(String)
    }

    /// The data sets.
    let form: Form

    /// What nearly all meters have.
    static let usual = TextClock(form: .separate(date: "0.9.2", time: "0.9.1"))

    /// A clock of these data sets.
    init(form: Form) {
        self.form = form
    }

    /// Finds the clock in a readout; nil when there is none that can be read.
    init?(_ sets: [TextDataSet]) {
        func first(_ names: [OBISCode], _ kind: TextTime.Kind) -> String? {
            sets.first { set in
                guard let name = ReducedOBISCode.logicalName(of: set.address), names.contains(name) else {
                    return false
                }
                return set.values.first.flatMap { TextTime($0.text, as: kind) } != nil
            }?.address
        }
        if let date = first([Self.date], .date), let time = first([Self.timeOfDay], .time) {
            form = .separate(date: date, time: time)
        } else if let both = first([Self.logicalName, Self.reduced], .dateTime) {
            form = .together(both)
        } else {
            return nil
        }
    }

    /// The data sets to read one after the other: the date twice, so that midnight in between is noticed.
    var addresses: [String] {
        switch form {
        case .separate(let date, let time): [date, time, date]
        case .together(let both): [both]
        }
    }

    /// What the clock shows, by the texts of its data sets in the order of ``addresses``.
    func moment(_ texts: [String]) -> TextTime? {
        switch form {
        case .together: return texts.first.flatMap { TextTime($0, as: .dateTime) }
        case .separate:
            guard texts.count >= 2, let first = TextTime(texts[0], as: .date), var time = TextTime(texts[1], as: .time)
            else { return nil }
            // When the date changed in between, a late time belongs to the first one.
            let last = texts.dropFirst(2).first.flatMap { TextTime($0, as: .date) } ?? first
            let isLate = (time.time.hour ?? 0) >= 12
            time.date = isLate ? first.date : last.date
            time.season = time.season ?? first.season
            return time
        }
    }

    /// What the clock shows in a readout.
    func moment(in sets: [TextDataSet]) -> TextTime? {
        let texts = addresses.compactMap { address in
            sets.first { $0.address == address }?.values.first?.text
        }
        return texts.count == addresses.count ? moment(texts) : nil
    }

    /// The data sets to write so that the clock shows a time, each in the form in which the meter wrote it before.
    ///
    /// The time of day comes last; the date is left out when it stays the same.
    /// - Returns: nil when the meter's form is not understood.
    func writes(_ moment: TextTime, like texts: [String]) -> [(address: String, text: String)]? {
        switch form {
        case .together(let address):
            guard let before = texts.first, let text = moment.text(like: before, as: .dateTime) else { return nil }
            return [(address, text)]
        case .separate(let dateAddress, let timeAddress):
            guard texts.count >= 2, let date = moment.text(like: texts[0], as: .date),
                let time = moment.text(like: texts[1], as: .time)
            else { return nil }
            let last = texts.count > 2 ? texts[2] : texts[0]
            return (date == last ? [] : [(dateAddress, date)]) + [(timeAddress, time)]
        }
    }
}
