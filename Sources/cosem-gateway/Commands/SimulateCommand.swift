// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSSecurity
import MeterSimulator
import ServiceLifecycle

/// Runs simulated meters on consecutive ports.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run simulated residential meters on consecutive TCP ports.",
        discussion: """
            Clients:
              16  public, no password
              32  reader: password 12345678 or any high level mechanism; clear, or protected as it likes
               1  manager: the same
              33  reader: high level security, authenticated     34  reader: ... encrypted
              35  reader: high level security, signed (suites 1 and 2)
              36  manager: high level security, authenticated and encrypted
            Keys (suite 2: 32 octets, going on in the same way): block cipher 000102..0F, authentication D0D1D2..DF,
            broadcast 0F0E0D.., master 303132... Secret of mechanisms 2, 3, 4 and 6: SIMULATED-SECRET.
            Private keys (suites 1 and 2, repeated octets): client signs 01, agrees 02; meter signs 03, agrees 04.
            Example:
              cosem-gateway simulate --port 4059 --count 10
            """
    )

    @Option(help: "The address to listen on.")
    var listen = "127.0.0.1"

    @Option(help: "The port of the first meter.")
    var port = 4059

    @Option(help: "How many meters.")
    var count = 1

    @Option(help: "Milliseconds by which each answer is held back.")
    var delayMilliseconds = 0

    @Option(help: "The longest APDU a meter takes and sends, octets.")
    var pduSize: UInt16 = 1024

    @Option(help: "Rows of the load profile, 96 a day.")
    var rows = 3360

    @Option(help: "The security suite of the meters: 0, 1 or 2.")
    var suite: UInt8 = 0

    func validate() throws {
        guard (1...65_535).contains(port), count >= 1, port + count - 1 <= 65_535 else {
            throw ValidationError("--port and --count: the ports of all meters lie between 1 and 65535")
        }
        guard SecuritySuite(rawValue: suite) != nil else { throw ValidationError("--suite is 0, 1 or 2") }
        guard delayMilliseconds >= 0, rows >= 0, pduSize >= 64 else {
            throw ValidationError("--delay-milliseconds and --rows are 0 or more, --pdu-size is 64 or more")
        }
    }

    func run() async throws {
        let limit = FileDescriptorLimit.raise()
        guard count + 100 <= limit.inForce else {
            throw ValidationError(
                limit.warning(needed: count + 100) ?? "too many meters for the file descriptors of this process"
            )
        }
        var options = SimulatedFleet.Options()
        options.answerDelay = .milliseconds(delayMilliseconds)
        options.maxPDUSize = pduSize
        options.rows = rows
        options.security = SimulatedSecurity(suite: SecuritySuite(rawValue: suite) ?? .suite0)
        let fleet = SimulatedFleet(count: count, host: listen, basePort: port, options: options)
        try await fleet.start()
        Terminal.tell(
            "\(count) simulated meter\(count == 1 ? "" : "s") on \(listen), ports \(port) to \(port + count - 1); "
                + "client 32 with password 12345678 reads"
        )
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: FleetService(fleet: fleet))],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Terminal.logger(level: .warning)
            )
        )
        try await group.run()
    }
}

/// Keeps simulated meters listening until the process stops.
struct FleetService: Service {
    let fleet: SimulatedFleet

    func run() async throws {
        try await gracefulShutdown()
        await fleet.stop()
    }
}
