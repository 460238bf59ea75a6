// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import GatewayAPI
import JSONText
import Logging
import Timekeeping

/// Writes each entry of the log as one line to standard error: for people, coloured on a terminal, or as JSON.
struct LineLogHandler: LogHandler {
    /// Facts whose values are numbers.
    private static let numbers: Set<String> = ["status", "ms", "octets"]
    private static let reserved: Set<String> = ["time", "level", "message"]

    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let shared: SharedLogLevel
    private let isJSON: Bool
    private let isColoured: Bool
    private let write: @Sendable (String) -> Void

    init(
        level: SharedLogLevel,
        isJSON: Bool,
        isColoured: Bool,
        write: @escaping @Sendable (String) -> Void = Terminal.tell
    ) {
        shared = level
        self.isJSON = isJSON
        self.isColoured = isColoured
        self.write = write
    }

    /// The level of a part of the process; setting it on one logger sets it for all of the part.
    var logLevel: Logger.Level {
        get { shared.level }
        set { shared.level = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { _, new in new } }
        if let own = event.metadata { facts.merge(own) { _, new in new } }
        var pairs = facts.map { ($0.key, "\($0.value)") }.filter { !$0.1.isEmpty }.sorted { $0.0 < $1.0 }
        if let error = event.error { pairs.append(("error", "\(error)")) }
        let time = SystemWallClock().now().rfc3339
        write(
            isJSON
                ? json(time, event.level, "\(event.message)", pairs)
                : text(time, event.level, "\(event.message)", pairs)
        )
    }

    private func json(
        _ time: String,
        _ level: Logger.Level,
        _ message: String,
        _ facts: [(name: String, value: String)]
    ) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("time", time)
        writer.member("level", level.rawValue)
        writer.member("message", message)
        for fact in facts {
            writer.name(Self.reserved.contains(fact.name) ? "fact.\(fact.name)" : fact.name)
            if Self.numbers.contains(fact.name), Double(fact.value)?.isFinite == true {
                writer.number(text: fact.value)
            } else {
                writer.string(fact.value)
            }
        }
        writer.endObject()
        return String(decoding: writer.octets, as: UTF8.self)
    }

    private func text(
        _ time: String,
        _ level: Logger.Level,
        _ message: String,
        _ facts: [(name: String, value: String)]
    ) -> String {
        let words = facts.map { "\(colour("2", $0.name + "="))\(Self.quoted($0.value))" }
        let label = level.rawValue.uppercased()
        let padded = label + String(repeating: " ", count: max(0, 8 - label.count))
        return ([colour("2", time), colour(Self.colour(of: level), padded), Self.inOneLine(message)] + words)
            .joined(separator: " ")
    }

    private func colour(_ code: String, _ text: String) -> String {
        isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private static func colour(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "2"
        case .info, .notice: "32"
        case .warning: "33"
        case .error, .critical: "1;31"
        }
    }

    private static func quoted(_ text: String) -> String {
        let line = inOneLine(text)
        return line.contains(" ") || line.contains("\"") ? "\"\(line.replacing("\"", with: "\\\""))\"" : line
    }

    /// Nobody draws a second line, or colours, into the log from outside.
    private static func inOneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        .joined()
    }
}
