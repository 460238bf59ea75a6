// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One field of a cron expression: a set of numbers and how it was written.
struct CronField: Hashable, Sendable {
    /// What the numbers of a field stand for.
    enum Kind: Int, CaseIterable {
        case minute
        case hour
        case dayOfMonth
        case month
        case dayOfWeek

        var range: ClosedRange<Int> {
            switch self {
            case .minute: 0...59
            case .hour: 0...23
            case .dayOfMonth: 1...31
            case .month: 1...12
            case .dayOfWeek: 0...7
            }
        }

        var name: String {
            switch self {
            case .minute: "minute"
            case .hour: "hour"
            case .dayOfMonth: "day of month"
            case .month: "month"
            case .dayOfWeek: "day of week"
            }
        }

        /// The names of the numbers from the first on.
        var names: [String] {
            switch self {
            case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
            case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
            case .minute, .hour, .dayOfMonth: []
            }
        }
    }

    /// A bit for each number; Sunday is 0 only.
    private(set) var bits: UInt64 = 0
    /// Whether the last day of the month belongs to it.
    private(set) var hasLastDay = false
    /// Whether it begins with an asterisk, which makes it no restriction beside another field of days.
    let isStar: Bool
    /// The step of a field that is nothing but an asterisk and a step; 1 without a step, nil for all others.
    let starStep: Int?

    func contains(_ number: Int) -> Bool { bits & (1 << UInt64(number)) != 0 }

    /// The numbers in order.
    var numbers: [Int] { (0..<64).filter { contains($0) } }

    /// Reads a field.
    ///
    /// - Parameters:
    ///   - text: the octets of the field alone.
    ///   - column: where it begins in the expression, from 1.
    init(_ text: ArraySlice<UInt8>, _ kind: Kind, column: Int) throws(RecurrenceError) {
        let first = text.first
        isStar = first == UInt8(ascii: "*") || first == UInt8(ascii: "?")
        var star: Int?
        var place = column
        let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        for part in parts {
            let step = try Self.add(part, kind, place, &bits, &hasLastDay)
            if parts.count == 1, isStar { star = step }
            place += part.count + 1
        }
        starStep = star
    }

    /// Adds the numbers of one item of a list, and gives its step.
    private static func add(
        _ part: ArraySlice<UInt8>,
        _ kind: Kind,
        _ column: Int,
        _ bits: inout UInt64,
        _ hasLastDay: inout Bool
    ) throws(RecurrenceError) -> Int {
        let halves = part.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        let head = halves.first ?? []
        var step = 1
        if halves.count == 2 {
            let place = column + head.count + 1
            guard let number = number(halves[1]), number >= 1 else {
                throw RecurrenceError("a step must be a number from 1", column: place)
            }
            guard number <= kind.range.upperBound else {
                throw RecurrenceError(
                    "a step of \(number) leads out of the field \(kind.name)",
                    column: place,
                    hint: "For every \(number) \(kind.name)s use {\"every\": ...} with a duration such as PT90M."
                )
            }
            step = number
        }
        var range: ClosedRange<Int>
        if head.isEmpty {
            throw RecurrenceError("something is missing in the field \(kind.name)", column: column)
        } else if head.elementsEqual("*".utf8) || (head.elementsEqual("?".utf8) && kind.acceptsQuestionMark) {
            range = kind == .dayOfWeek ? 0...6 : kind.range
        } else if kind == .dayOfMonth, head.elementsEqual("L".utf8) || head.elementsEqual("l".utf8) {
            guard halves.count == 1 else { throw RecurrenceError("L takes no step", column: column + 1) }
            hasLastDay = true
            return 1
        } else {
            let ends = head.split(separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
            let low = try value(ends[0], kind, column, isEnd: false)
            let end = column + ends[0].count + 1
            let high =
                ends.count == 2
                ? try value(ends[1], kind, end, isEnd: true) : halves.count == 2 ? kind.lastInStep : low
            guard low <= high else {
                throw RecurrenceError(
                    "the range \(String(decoding: head, as: UTF8.self)) ends before it begins",
                    column: column,
                    hint: "Write two ranges, such as 22-23,0-4."
                )
            }
            range = low...high
        }
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step) {
            bits |= 1 << UInt64(kind == .dayOfWeek ? number % 7 : number)
        }
        return step
    }

    private static func value(
        _ text: ArraySlice<UInt8>,
        _ kind: Kind,
        _ column: Int,
        isEnd: Bool
    ) throws(RecurrenceError) -> Int {
        let word = String(decoding: text, as: UTF8.self)
        if let number = number(text) {
            guard kind.range.contains(number) else {
                throw RecurrenceError(
                    "the \(kind.name) \(number) is not from \(kind.range.lowerBound) to \(kind.range.upperBound)",
                    column: column
                )
            }
            return number
        }
        if let index = kind.names.firstIndex(of: word.uppercased()) {
            // A range to SUN ends with the week.
            if kind == .dayOfWeek { return index == 0 && isEnd ? 7 : index }
            return index + 1
        }
        throw RecurrenceError(
            text.isEmpty ? "something is missing in the field \(kind.name)" : "\(word) is no \(kind.name)",
            column: column,
            hint: kind.hint(for: word)
        )
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...4).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}

extension CronField.Kind {
    fileprivate var acceptsQuestionMark: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// The last number of a field that is written as its first and a step.
    fileprivate var lastInStep: Int { self == .dayOfWeek ? 6 : range.upperBound }

    fileprivate func hint(for word: String) -> String? {
        if word.contains(where: { "#LW".contains($0) }) {
            return "The second Friday of a month is {\"rrule\": \"FREQ=MONTHLY;BYDAY=2FR\"}."
        }
        switch self {
        case .month: return "Write 1 to 12 or JAN to DEC."
        case .dayOfWeek: return "Write 0 to 7 or SUN to SAT; 0 and 7 are Sunday."
        case .minute, .hour, .dayOfMonth:
            return "Write numbers from \(range.lowerBound) to \(range.upperBound), such as 5, 1-5, */5 or 1,2."
        }
    }
}
