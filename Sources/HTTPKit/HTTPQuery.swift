// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The parameters of a request target in their order.
public struct HTTPQuery: Hashable, Sendable {
    /// One parameter.
    public struct Item: Hashable, Sendable {
        /// The name, unescaped.
        public let name: String
        /// The value, unescaped, a plus sign read as a space; empty if there was no equals sign.
        public let value: String
        /// The value, unescaped, a plus sign kept: for times such as `2026-11-22T00:00:00+01:00` typed by hand.
        public let literalValue: String
    }

    /// The parameters in their order.
    public let items: [Item]

    /// No parameters.
    public static let none = HTTPQuery(items: [])

    private init(items: [Item]) {
        self.items = items
    }

    /// Reads what follows the question mark: `a=1&b=2`; empty parts are skipped.
    init(parsing text: Substring) throws(HTTPTargetFault) {
        var items: [Item] = []
        for part in text.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count > 1 ? halves[1] : ""
            items.append(
                Item(
                    name: try HTTPTarget.unescaped(halves[0], plusIsSpace: true),
                    value: try HTTPTarget.unescaped(value, plusIsSpace: true),
                    literalValue: try HTTPTarget.unescaped(value)
                )
            )
        }
        self.items = items
    }

    /// Whether there is a parameter of that name, with or without a value.
    public func contains(_ name: String) -> Bool {
        items.contains { $0.name == name }
    }

    /// The values of all parameters of that name in their order.
    public func all(_ name: String) -> [String] {
        items.filter { $0.name == name }.map(\.value)
    }

    /// The value of the one parameter of that name, nil if there is none.
    ///
    /// - Throws: ``Problem`` `bad-parameter` if it comes more than once.
    public func single(_ name: String) throws(Problem) -> String? {
        try singleItem(name)?.value
    }

    /// The value of the one parameter of that name with plus signs kept, nil if there is none.
    ///
    /// - Throws: ``Problem`` `bad-parameter` if it comes more than once.
    public func singleLiteral(_ name: String) throws(Problem) -> String? {
        try singleItem(name)?.literalValue
    }

    /// The integer of the one parameter of that name, nil if there is none.
    ///
    /// - Throws: ``Problem`` `bad-parameter` if it comes more than once, is no integer or is outside the range.
    public func integer<Integer: FixedWidthInteger & Sendable>(
        _ name: String,
        in range: ClosedRange<Integer> = Integer.min...Integer.max
    ) throws(Problem) -> Integer? {
        guard let text = try single(name) else { return nil }
        guard let value = Integer(text), range.contains(value) else {
            throw .badParameter(name, expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// The truth value of the one parameter of that name (`true`, `false`, or nothing after the name for true), nil if there is none.
    ///
    /// - Throws: ``Problem`` `bad-parameter` if it comes more than once or is neither.
    public func bool(_ name: String) throws(Problem) -> Bool? {
        switch try single(name) {
        case nil: nil
        case "true", "": true
        case "false": false
        default: throw .badParameter(name, expected: "true or false")
        }
    }

    /// The word of the one parameter of that name as one of an enumeration's raw values, nil if there is none.
    ///
    /// - Throws: ``Problem`` `bad-parameter` with the nearest word if it is none of them, or comes more than once.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String,
        of type: Choice.Type = Choice.self
    ) throws(Problem) -> Choice? where Choice.RawValue == String {
        guard let text = try single(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue)
            throw .badParameter(name, expected: "one of \(words.joined(separator: ", "))", found: text, among: words)
        }
        return choice
    }

    private func singleItem(_ name: String) throws(Problem) -> Item? {
        let found = items.filter { $0.name == name }
        guard found.count < 2 else { throw .badParameter(name, expected: "given once") }
        return found.first
    }
}
