// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The values of up to three labels of one series, in the order of the family's label names.
public struct MetricLabels: Hashable, Sendable {
    let first: String
    let second: String
    let third: String

    /// Makes label values; those beyond the family's label names stay empty.
    public init(_ first: String = "", _ second: String = "", _ third: String = "") {
        self.first = first
        self.second = second
        self.third = third
    }

    /// Stands for every series beyond the bound of a family.
    static let other = MetricLabels("other", "other", "other")

    /// The values that belong to so many label names.
    func values(_ count: Int) -> [String] {
        Array([first, second, third].prefix(count))
    }
}

/// What a family of series is called and how its labels are named.
struct MetricFamily: Sendable {
    /// The kinds of the Prometheus text format that are used here.
    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    /// More series than this are counted together as "other", so that no label can grow without bound.
    static let mostSeries = 500

    let name: String
    let help: String
    let kind: Kind
    let labelNames: [String]

    /// Appends the two comment lines of the family.
    func writeHead(into text: inout MetricsText) {
        let announced = text.announcedName(of: self)
        text += "# HELP \(announced) \(help)\n# TYPE \(announced) \(kind.rawValue)\n"
    }

    /// Appends one sample line.
    func writeSample(
        suffix: String = "",
        labels: MetricLabels,
        extra: (name: String, value: String)? = nil,
        value: String,
        into text: inout MetricsText
    ) {
        text += name
        text += suffix
        var pairs = zip(labelNames, labels.values(labelNames.count)).map { ($0, $1) }
        if let extra { pairs.append((extra.name, extra.value)) }
        if !pairs.isEmpty {
            text += "{"
            text += pairs.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
            text += "}"
        }
        text += " \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x5C || $0 == 0x22 || $0 == 0x0A }) else { return value }
        return String(
            value.flatMap { character -> [Character] in
                switch character {
                case "\\": ["\\", "\\"]
                case "\"": ["\\", "\""]
                case "\n": ["\\", "n"]
                default: [character]
                }
            }
        )
    }
}
