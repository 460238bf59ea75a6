// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import JSONText

/// Lists, adds and checks meters of a running gateway.
struct MeterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meter",
        abstract: "List, add and check the meters of a running gateway.",
        subcommands: [List.self, Add.self, Check.self]
    )

    /// Lists meters.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List meters: id and name.",
            discussion: "Example:\n  cosem-gateway meter list --label region=north"
        )

        @OptionGroup var client: ClientOptions
        @Option(help: "Only those with this label, NAME=VALUE.")
        var label: String?
        @Flag(help: "One JSON object a line.")
        var json = false

        func run() throws {
            var query = "/meters?limit=1000"
            if let label { query += "&label=" + ClientOptions.escaped(label) }
            var next: String? = query
            while let path = next {
                let page = try client.json("GET", path)
                for meter in page["items"]?.array ?? [] {
                    guard !json else {
                        ClientOptions.print(meter.octets)
                        continue
                    }
                    print("\(meter["id"]?.string ?? "")\t\(meter["name"]?.string ?? "")")
                }
                let following = page["next"]?.string
                next = following.map { String($0[($0.range(of: "/meters?")?.lowerBound ?? $0.startIndex)...]) }
            }
        }
    }

    /// Adds a meter.
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Add a meter, by the options or by a JSON file as PUT /meters/{id} takes it.",
            discussion: """
                Examples:
                  cosem-gateway meter add M-1001 --host 192.0.2.10 --password-file password.txt
                  cosem-gateway meter add M-2001 --file meter.json
                """
        )

        @OptionGroup var client: ClientOptions
        @Argument(help: "The id that the meter shall have, usually its serial number.")
        var meter: String
        @Option(help: "A JSON file with all of its configuration; - is standard input.")
        var file: String?
        @Option(help: "Its host name or address.")
        var host: String?
        @Option(help: "Its TCP port.")
        var port: UInt16 = 4059
        @Option(help: "wrapper, hdlc, hdlc-mode-e or iec62056-21.")
        var framing = "wrapper"
        @Option(help: "The address of the client that the gateway is to the meter.")
        var clientAddress = 32
        @Option(help: "A file with the low-level password; without it there is no authentication.")
        var passwordFile: String?

        func validate() throws {
            guard (file == nil) != (host == nil) else { throw ValidationError("give either --file or --host") }
        }

        func run() throws {
            let added = try client.json(
                "PUT",
                "/meters/\(ClientOptions.escaped(meter))",
                fields: [("If-None-Match", "*")],
                body: body()
            )
            print("\(added["id"]?.string ?? meter) is there; try: cosem-gateway meter check \(meter)")
        }

        private func body() throws -> [UInt8] {
            guard let host else { return try Self.octets(file ?? "-") }
            var writer = JSONWriter()
            writer.beginObject()
            writer.name("channel")
            writer.beginObject()
            writer.member("type", "tcp")
            writer.member("host", host)
            writer.member("port", port)
            writer.endObject()
            writer.member("framing", framing)
            writer.name("associations")
            writer.beginObject()
            writer.name("reader")
            writer.beginObject()
            writer.member("clientAddress", clientAddress)
            writer.name("authentication")
            writer.beginObject()
            writer.member("mechanism", passwordFile == nil ? "none" : "low")
            if let passwordFile {
                var octets = try Self.octets(passwordFile)
                while octets.last == 0x0A || octets.last == 0x0D { octets.removeLast() }
                writer.name("secret")
                writer.beginObject()
                writer.member("text", String(decoding: octets, as: UTF8.self))
                writer.endObject()
            }
            for _ in 0..<4 { writer.endObject() }
            return writer.octets
        }

        private static func octets(_ name: String) throws -> [UInt8] {
            guard let octets = FileOctets.read(name) else {
                Terminal.tell("\(name): it cannot be read")
                throw ClientOptions.Code.usage
            }
            return octets
        }
    }

    /// Tries the way to a meter.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Try the way to a meter step by step; exit 5 when it is not reached.",
            discussion: "Example:\n  cosem-gateway meter check M-1001"
        )

        @OptionGroup var client: ClientOptions
        @Argument(help: "The id of the meter.")
        var meter: String

        func run() throws {
            let answer = try client.json("POST", "/meters/\(ClientOptions.escaped(meter))/check", body: [])
            var code: ExitCode?
            for step in answer["steps"]?.array ?? [] {
                let milliseconds = step["milliseconds"]?.number.map { "\($0)" } ?? ""
                print("\(step["outcome"]?.string ?? "")\t\(step["name"]?.string ?? "")\t\(milliseconds) ms")
                guard let problem = step["problem"], !problem.isNull else { continue }
                ClientOptions.tell(problem)
                code = ClientOptions.code(of: problem)
            }
            if let code { throw code }
        }
    }
}
