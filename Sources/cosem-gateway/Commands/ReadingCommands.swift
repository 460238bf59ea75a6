// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import JSONText

/// Reads one attribute of a meter through a running gateway.
struct ReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Read an attribute of a meter through a running gateway.",
        discussion: """
            Examples:
              cosem-gateway read M-1001 1.0.1.8.0.255
              cosem-gateway read M-1001 1-0:1.8.0 value --max-age PT15M
            """
    )

    @OptionGroup var client: ClientOptions
    @Argument(help: "The id of the meter.")
    var meter: String
    @Argument(help: "The OBIS code or an alias of the object.")
    var object: String
    @Argument(help: "The number or the name of the attribute.")
    var attribute = "2"
    @Option(help: "How old a reading may be, such as PT15M; 0 asks the meter.")
    var maxAge: String?
    @Flag(help: "The whole answer as JSON.")
    var json = false

    func run() throws {
        var path = "/meters/\(ClientOptions.escaped(meter))/objects/\(ClientOptions.escaped(object))"
        path += "/attributes/\(ClientOptions.escaped(attribute))"
        if let maxAge { path += "?maxAge=" + ClientOptions.escaped(maxAge) }
        let answer = try client.json("GET", path)
        guard !json, let value = answer["value"] else {
            ClientOptions.print(answer.octets)
            return
        }
        if let number = value["value"], value["scaler"] != nil {
            ClientOptions.print(number.octets + Array(" \(value["unit"]?.string ?? "")".utf8))
        } else {
            ClientOptions.print(value.string.map { Array($0.utf8) } ?? value.octets)
        }
        Terminal.tell("read at \(answer["readAt"]?.string ?? "?"), \(answer["source"]?.string ?? "?")")
    }
}

/// Writes rows of a profile to standard output.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Write rows of a profile of a meter as CSV, NDJSON or JSON.",
        discussion: """
            Examples:
              cosem-gateway profile M-1001 1.0.99.1.0.255 --last P1D > day.csv
              cosem-gateway profile M-1001 1.0.99.1.0.255 \\
                --from 2026-11-01T00:00:00+01:00 --to 2026-11-02T00:00:00+01:00
            """
    )

    @OptionGroup var client: ClientOptions
    @Argument(help: "The id of the meter.")
    var meter: String
    @Argument(help: "The OBIS code or an alias of the profile.")
    var profile: String
    @Option(help: "The newest rows of so long, such as P1D. (default: P1D without --from)")
    var last: String?
    @Option(help: "From this time on, with its offset.")
    var from: String?
    @Option(help: "Before this time.")
    var to: String?
    @Option(help: "Only these columns, with commas between.")
    var columns: String?
    @Option(help: "csv, ndjson or json.")
    var format = "csv"

    private static let types = ["csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json"]

    func validate() throws {
        guard Self.types[format] != nil else { throw ValidationError("--format: choose csv, ndjson or json") }
        guard last == nil || (from == nil && to == nil) else {
            throw ValidationError("give either --last or --from and --to")
        }
    }

    func run() throws {
        var query = [("last", last ?? (from == nil ? "P1D" : nil)), ("from", from), ("to", to)]
        query.append(("columns", columns))
        let words = query.compactMap { name, value in value.map { "\(name)=\(ClientOptions.escaped($0))" } }
        let path = "/meters/\(ClientOptions.escaped(meter))/profiles/\(ClientOptions.escaped(profile))/rows"
        let body = try client.ask(
            "GET",
            "\(path)?\(words.joined(separator: "&"))",
            accept: Self.types[format] ?? "text/csv"
        )
        ClientOptions.print(body)
        if !hasRows(body) {
            Terminal.tell("0 rows in that range; the meter may have older ones: try --last P30D, or --from and --to")
        }
    }

    /// What the last line of an answer says.
    private static func lastLine(of body: [UInt8]) -> JSONValue {
        body.split(separator: 0x0A).last.flatMap { try? JSONReader.parse(Array($0)) } ?? .null
    }

    /// Whether an answer has more than what stands around rows.
    private func hasRows(_ body: [UInt8]) -> Bool {
        switch format {
        case "csv": body.split(separator: 0x0A).count > 1
        case "ndjson": Self.lastLine(of: body)["rows"] != .integer(0)
        default: (try? JSONReader.parse(body, limits: JSONLimits(octets: 1 << 28)))?["rows"]?.array?.isEmpty == false
        }
    }
}
