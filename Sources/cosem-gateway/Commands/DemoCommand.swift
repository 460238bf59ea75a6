// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Fleet
import Glibc
import JSONText
import MeterSimulator

/// Runs the gateway beside simulated meters and prints curl lines that work as printed.
///
/// Nothing is written to disk.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run the gateway beside simulated meters and print curl lines to try."
    )

    @Option(help: "ADDRESS:PORT to listen on.")
    var listen = "127.0.0.1:8080"

    @Option(help: "How many healthy meters; a slow, offline, misconfigured, protected and certified one come besides.")
    var meters = 5

    @Option(help: "none: everybody may do everything; required: callers need the key that is printed.")
    var auth = "none"

    func validate() throws {
        guard (1...1000).contains(meters) else { throw ValidationError("--meters: 1 to 1000") }
    }

    func run() async throws {
        let settings = try await GatewaySettings.resolve(
            flags: ["listen": listen, "log.level": "warning", "auth": auth],
            file: nil
        )
        let logs = LogBook(level: settings.logLevel)
        _ = FileDescriptorLimit.raise()
        let process = try await GatewayProcess(settings: settings, persistence: .volatile(), logs: logs)

        let healthy = SimulatedFleet(count: meters, basePort: 0)
        var slowOptions = SimulatedFleet.Options()
        slowOptions.answerDelay = .seconds(1)
        let slow = SimulatedFleet(count: 1, basePort: 0, options: slowOptions)
        var certifiedOptions = SimulatedFleet.Options()
        certifiedOptions.security = SimulatedSecurity(suite: .suite1)
        let certified = SimulatedFleet(count: 1, basePort: 0, options: certifiedOptions)
        try await healthy.start()
        try await slow.start()
        try await certified.start()

        var registered: [(id: String, name: String, port: Int, password: String)] = []
        for (number, port) in await healthy.ports.enumerated() {
            registered.append(("demo-\(number + 1)", "Flat \(number + 1)", port, "12345678"))
        }
        for port in await slow.ports {
            registered.append(("demo-slow", "Takes a second for each answer", port, "12345678"))
        }
        registered.append(("demo-offline", "Nobody listens at its address", 1, "12345678"))
        if let port = await healthy.ports.first {
            registered.append(("demo-wrong-password", "The gateway has a wrong password", port, "00000000"))
        }
        if let port = await healthy.ports.first, let id = MeterID(Self.protectedID) {
            _ = try await process.gateway.putMeter(id, Self.protectedConfiguration(port: port), when: .unconditional)
        }
        if let port = await certified.ports.first, let id = MeterID(Self.certifiedID) {
            _ = try await process.gateway.putMeter(id, Self.certifiedConfiguration(port: port), when: .unconditional)
        }
        for meter in registered {
            guard let id = MeterID(meter.id) else { continue }
            _ = try await process.gateway.putMeter(
                id,
                Self.configuration(name: meter.name, port: meter.port, password: meter.password),
                when: .unconditional
            )
        }

        let address = ListenAddress(host: settings.listen.host, port: try process.start())
        if settings.requiresCredentials, let key = try await process.gateway.makeFirstAPIKey() {
            print("The key, for curl -H 'Authorization: Bearer KEY':\n\(key.exposedText)\n")
        }
        Self.printLines(base: "http://\(address)", meters: registered.map(\.id) + [Self.protectedID, Self.certifiedID])
        try await process.run(
            besides: [FleetService(fleet: healthy), FleetService(fleet: slow), FleetService(fleet: certified)]
        )
    }

    /// The body a user would PUT for one of the simulated meters.
    private static func configuration(name: String, port: Int, password: String) throws -> JSONValue {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", name)
        writer.name("labels")
        writer.beginObject()
        writer.member("site", "demo")
        writer.endObject()
        writer.member("timeZone", "Europe/Bratislava")
        writer.name("channel")
        writer.beginObject()
        writer.member("type", "tcp")
        writer.member("host", "127.0.0.1")
        writer.member("port", port)
        writer.endObject()
        writer.name("associations")
        writer.beginObject()
        for (association, client) in [("reader", 32), ("manager", 1)] {
            writer.name(association)
            writer.beginObject()
            writer.member("clientAddress", client)
            writer.name("authentication")
            writer.beginObject()
            writer.member("mechanism", "low")
            writer.name("secret")
            writer.beginObject()
            writer.member("text", password)
            writer.endObject()
            writer.endObject()
            writer.endObject()
        }
        writer.endObject()
        writer.name("timeouts")
        writer.beginObject()
        writer.member("connect", "PT3S")
        writer.member("response", "PT5S")
        writer.endObject()
        writer.endObject()
        return try JSONReader.parse(writer.octets)
    }

    private static let protectedID = "demo-protected"

    /// The body a user would PUT for the first simulated meter in an association by GMAC, authenticated and encrypted.
    private static func protectedConfiguration(port: Int) throws -> JSONValue {
        try JSONReader.parse(
            Array(
                """
                {"name":"Flat 1, by GMAC","labels":{"site":"demo"},"timeZone":"Europe/Bratislava",
                 "channel":{"type":"tcp","host":"127.0.0.1","port":\(port)},
                 "associations":{"manager":{"clientAddress":36,"authentication":{"mechanism":"gmac"},
                   "security":{"suite":0,"protection":["authenticated","encrypted"],"ciphering":"global",
                     "blockCipherKey":{"hex":"000102030405060708090A0B0C0D0E0F"},
                     "authenticationKey":{"hex":"D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"},
                     "invocationCounterObject":"0.0.43.1.0.255"}}},
                 "timeouts":{"connect":"PT3S","response":"PT5S"}}
                """.utf8
            )
        )
    }

    private static let certifiedID = "demo-certified"

    /// The body a user would PUT for a simulated meter of suite 1: by GMAC, and by ECDSA with signed messages.
    private static func certifiedConfiguration(port: Int) throws -> JSONValue {
        let security = """
            "suite":1,"blockCipherKey":{"hex":"000102030405060708090A0B0C0D0E0F"},
            "authenticationKey":{"hex":"D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"},
            "masterKey":{"hex":"303132333435363738393A3B3C3D3E3F"},
            "signingKey":{"hex":"\(String(repeating: "01", count: 32))"},
            "serverSigningKey":"591AB771EBBCFD6D9CB9094D106528ADD1A69D44C2C1F627F089EC58B9C61ADF9F4E6ABF0D045C0C693A3C68AD7C97CA72BE64DEF4A26FECD263DD98A92780F0"
            """
        return try JSONReader.parse(
            Array(
                """
                {"name":"Flat with keys and certificates","labels":{"site":"demo"},"timeZone":"Europe/Bratislava",
                 "channel":{"type":"tcp","host":"127.0.0.1","port":\(port)},
                 "associations":{
                   "manager":{"clientAddress":1,"authentication":{"mechanism":"gmac"},
                     "security":{\(security),"invocationCounterObject":"0.0.43.1.0.255"}},
                   "signed":{"clientAddress":1,"authentication":{"mechanism":"ecdsa"},
                     "security":{\(security),"protection":["signed"]}}},
                 "timeouts":{"connect":"PT3S","response":"PT5S"}}
                """.utf8
            )
        )
    }

    private static func printLines(base: String, meters: [String]) {
        print(
            """
            cosem-gateway \(Version.text) is ready on \(base) with \(meters.count) meters:
              \(meters.joined(separator: ", "))

            Try, in another terminal:

            # every meter
            curl \(base)/meters

            # a reading, with its unit
            curl \(base)/meters/demo-1/objects/1.0.1.8.0.255/attributes/2

            # what the meter has, and what may be done with it
            curl \(base)/meters/demo-1/objects

            # the load profile of the last day
            curl '\(base)/meters/demo-1/profiles/1.0.99.1.0.255/rows?last=P1D'

            # write, read back
            curl -X PUT \(base)/meters/demo-1/objects/0.0.96.50.1.255/attributes/2 -H 'Content-Type: application/json' -d '{"value":{"text":"hello"}}'

            # a register of several meters as a job
            curl -i -X POST \(base)/jobs -H 'Content-Type: application/json' -d '{"kind":"read","target":{"meters":["demo-1","demo-slow"]},"items":[{"object":"1.0.1.8.0.255","attribute":2}]}'

            # every message authenticated and encrypted; the counters that this takes
            curl \(base)/meters/\(protectedID)/objects/1.0.1.8.0.255/attributes/2
            curl \(base)/meters/\(protectedID)/counters

            # how a failure explains itself
            curl \(base)/meters/demo-offline/objects/1.0.1.8.0.255/attributes/2

            Stop with Ctrl-C.
            """
        )
        fflush(nil)
    }
}
