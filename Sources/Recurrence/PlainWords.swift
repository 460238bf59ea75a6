// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Pieces of plain English about times.
enum PlainWords {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    /// From Monday.
    static let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    /// `a`, `a and b`, `a, b and c`.
    static func list(_ words: [String], _ joint: String = "and") -> String {
        guard let last = words.last else { return "" }
        guard words.count > 1 else { return last }
        return words.dropLast().joined(separator: ", ") + " \(joint) " + last
    }

    /// `1st`, `22nd`, `the last`, `the 2nd last`.
    static func ordinal(_ number: Int) -> String {
        guard number > 0 else { return number == -1 ? "last" : ordinal(-number) + " last" }
        let suffix: String
        switch (number % 10, number % 100) {
        case (_, 11...13): suffix = "th"
        case (1, _): suffix = "st"
        case (2, _): suffix = "nd"
        case (3, _): suffix = "rd"
        default: suffix = "th"
        }
        return "\(number)\(suffix)"
    }

    /// `02:15`.
    static func time(_ hour: Int, _ minute: Int) -> String { "\(two(hour)):\(two(minute))" }

    /// Two digits.
    static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// `Mondays and Fridays`, `Mondays to Fridays`.
    static func weekdays(_ numbers: [Int]) -> String { list(runs(numbers) { days[$0 - 1] + "s" }) }

    /// `6 minutes past`, `15, 30 and 45 minutes past`.
    static func past(_ minutes: [Int]) -> String {
        minutes == [1] ? "1 minute past" : "\(list(runs(minutes) { "\($0)" })) minutes past"
    }

    /// Words for numbers in order; three and more that follow each other become `5 to 9`.
    static func runs(_ numbers: [Int], _ word: (Int) -> String) -> [String] {
        var words: [String] = []
        var rest = numbers[...]
        while let first = rest.first {
            let run = rest.enumerated().prefix { $0.element == first + $0.offset }.count
            words += run > 2 ? ["\(word(first)) to \(word(first + run - 1))"] : rest.prefix(run).map(word)
            rest = rest.dropFirst(run)
        }
        return words
    }
}
