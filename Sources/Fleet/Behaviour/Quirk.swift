// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import COSEMModel
import DLMSCodec
import JSONText

/// One option of ``MeterBehaviour`` as users see it: its name, what it takes and what it does.
public struct Quirk: Sendable {
    /// What values an option takes.
    public enum Form: Hashable, Sendable {
        /// true or false.
        case flag
        /// A whole number within a range.
        case integer(ClosedRange<Int64>)
        /// One of a few whole numbers.
        case oneOf([Int64])
        /// One of these words.
        case word([String])
        /// So many octets as hexadecimal digits.
        case octets(Int)

        /// What the option takes, in words for people.
        public var allowed: String {
            switch self {
            case .flag: "true or false"
            case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
            case .oneOf(let numbers): "one of \(numbers.map { "\($0)" }.joined(separator: ", "))"
            case .word(let words): "one of \(words.joined(separator: ", "))"
            case .octets(let count): "\(2 * count) hexadecimal digits"
            }
        }

        /// Whether the option takes that value.
        func takes(_ value: QuirkValue) -> Bool {
            switch (self, value) {
            case (.flag, .bool): true
            case (.integer(let range), .integer(let number)): range.contains(number)
            case (.oneOf(let numbers), .integer(let number)): numbers.contains(number)
            case (.word(let words), .text(let text)): words.contains(text)
            case (.octets(let count), .text(let text)): Hexadecimal.octets(of: text)?.count == count
            case (.flag, _), (.integer, _), (.oneOf, _), (.word, _), (.octets, _): false
            }
        }
    }

    /// The name, as in the `quirks` member of a meter.
    public let name: String
    /// What values it takes.
    public let form: Form
    /// What it does, in one sentence.
    public let summary: String
    private let get: @Sendable (MeterBehaviour) -> QuirkValue?
    private let set: @Sendable (inout MeterBehaviour, QuirkValue) -> Void

    /// The value that a behaviour has; nil when it leaves it open.
    public func value(in behaviour: MeterBehaviour) -> QuirkValue? { get(behaviour) }

    /// Gives a behaviour that value; false and no change if the option does not take it.
    @discardableResult
    public func apply(_ value: QuirkValue, to behaviour: inout MeterBehaviour) -> Bool {
        guard form.takes(value) else { return false }
        set(&behaviour, value)
        return true
    }

    /// The option of that name; nil if there is none.
    public static func named(_ name: String) -> Quirk? { byName[name] }

    private static let byName = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
}

extension Quirk {
    typealias Path<Value> = WritableKeyPath<MeterBehaviour, Value> & Sendable

    static func flag(_ name: String, _ path: any Path<Bool>, _ summary: String) -> Quirk {
        Quirk(name: name, form: .flag, summary: summary) {
            .bool($0[keyPath: path])
        } set: { behaviour, value in
            if case .bool(let flag) = value { behaviour[keyPath: path] = flag }
        }
    }

    static func number<Number: FixedWidthInteger & Sendable>(
        _ name: String,
        _ path: any Path<Number>,
        _ form: Form,
        _ summary: String
    ) -> Quirk {
        Quirk(name: name, form: form, summary: summary) {
            .integer(Int64(clamping: $0[keyPath: path]))
        } set: { behaviour, value in
            if case .integer(let number) = value { behaviour[keyPath: path] = Number(clamping: number) }
        }
    }

    static func number<Number: FixedWidthInteger & Sendable>(
        _ name: String,
        _ path: any Path<Number?>,
        _ form: Form,
        _ summary: String
    ) -> Quirk {
        Quirk(name: name, form: form, summary: summary) {
            $0[keyPath: path].map { .integer(Int64(clamping: $0)) }
        } set: { behaviour, value in
            if case .integer(let number) = value { behaviour[keyPath: path] = Number(clamping: number) }
        }
    }

    static func word<Word: RawRepresentable & CaseIterable & Sendable>(
        _ name: String,
        _ path: any Path<Word>,
        _ summary: String
    ) -> Quirk where Word.RawValue == String {
        Quirk(name: name, form: .word(Word.allCases.map(\.rawValue)), summary: summary) {
            .text($0[keyPath: path].rawValue)
        } set: { behaviour, value in
            if case .text(let text) = value, let word = Word(rawValue: text) { behaviour[keyPath: path] = word }
        }
    }

    static func title(_ name: String, _ path: any Path<SystemTitle?>, _ summary: String) -> Quirk {
        Quirk(name: name, form: .octets(8), summary: summary) {
            $0[keyPath: path].map { .text($0.description) }
        } set: { behaviour, value in
            guard case .text(let text) = value else { return }
            behaviour[keyPath: path] = Hexadecimal.octets(of: text).flatMap { SystemTitle($0) }
        }
    }

    /// The status tables that have a name.
    private static let statusTables: [String: ProfileStatusTable] = ["amr": .amr, "none": ProfileStatusTable(bits: [])]

    static func statusTable(_ name: String, _ path: any Path<ProfileStatusTable>, _ summary: String) -> Quirk {
        Quirk(name: name, form: .word(statusTables.keys.sorted()), summary: summary) { behaviour in
            statusTables.first { $0.value == behaviour[keyPath: path] }.map { .text($0.key) }
        } set: { behaviour, value in
            if case .text(let text) = value, let table = statusTables[text] { behaviour[keyPath: path] = table }
        }
    }
}
