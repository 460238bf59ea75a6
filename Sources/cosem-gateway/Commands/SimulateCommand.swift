// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import DLMSCodec
import DLMSEngine
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
              32  reader: password 12345678, or any high level mechanism;
                  in clear, or protected as it likes
               1  manager: the same
              33  reader: high level security, authenticated
              34  reader: high level security, encrypted
              35  reader: high level security, signed (suites 1 and 2)
              36  manager: high level security, authenticated and encrypted
            Keys (suite 2: 32 octets, going on in the same way): block cipher 000102..0F, \
            authentication D0D1D2..DF, broadcast 0F0E0D.., master 303132... Secret of mechanisms \
            2, 3, 4 and 6: SIMULATED-SECRET.
            Private keys (suites 1 and 2, repeated octets): client signs 01, agrees 02; meter signs 03, \
            agrees 04.
            A scenario says more: other lines than TCP, several meters on one, and what goes wrong with \
            them; docs/simulated-meters.md describes the file.
            Examples:
              cosem-gateway simulate --port 4059 --count 10
              cosem-gateway simulate --port 4059 --framing hdlc --physical-device 17
              cosem-gateway simulate --scenario docs/scenarios/bad-weather.json --verbose
            """
    )

    @Option(help: "The address to listen on (default: 127.0.0.1).")
    var listen: String?

    @Option(help: "The port of the first meter (default: 4059).")
    var port: Int?

    @Option(help: "How many meters (default: 1).")
    var count: Int?

    @Option(help: "Milliseconds by which each answer is held back (default: 0).")
    var delayMilliseconds: Int?

    @Option(help: "The longest APDU a meter takes and sends, octets (default: 1024).")
    var pduSize: UInt16?

    @Option(help: "Rows of the load profile, 96 a day (default: 3360).")
    var rows: Int?

    @Option(help: "The security suite of the meters: 0, 1 or 2 (default: 0).")
    var suite: UInt8?

    @Option(help: "How messages are framed: wrapper, hdlc, hdlc-mode-e or iec62056-21 (default: wrapper).")
    var framing: SimulatedFraming?

    @Option(help: "The physical device of the meters in HDLC addresses, 1 to 16381 (default: any).")
    var physicalDevice: UInt16?

    @Option(help: "The longest information in an HDLC frame, 32 to 2030 octets (default: 2030).")
    var frameLength: Int?

    @Option(help: "The most HDLC frames without an acknowledgement, 1 to 7 (default: 7).")
    var window: Int?

    @Option(help: "A file that describes lines, meters and what goes wrong with them; instead of the options above.")
    var scenario: String?

    @Flag(help: "Only say whether the scenario can be run.")
    var check = false

    @Flag(help: "Print everything that passes and every fault, to standard output; with a scenario.")
    var verbose = false

    func validate() throws {
        let isPlain = scenario == nil
        let hdlc: [Any?] = [physicalDevice, frameLength, window]
        let said: [Any?] = [listen, port, count, delayMilliseconds, pduSize, rows, suite, framing] + hdlc
        guard isPlain || said.allSatisfy({ $0 == nil }) else {
            throw ValidationError("--scenario says it all: only --check and --verbose go with it")
        }
        guard !isPlain || !check && !verbose else { throw ValidationError("--check and --verbose go with --scenario") }
        let (port, count) = (port ?? 4059, count ?? 1)
        guard (1...65_535).contains(port), count >= 1, port + count - 1 <= 65_535 else {
            throw ValidationError("--port and --count: the ports of all meters lie between 1 and 65535")
        }
        guard SecuritySuite(rawValue: suite ?? 0) != nil else { throw ValidationError("--suite is 0, 1 or 2") }
        guard framing == .hdlc || framing == .hdlcModeE || hdlc.allSatisfy({ $0 == nil }) else {
            throw ValidationError("--physical-device, --frame-length and --window go with --framing hdlc")
        }
        guard (1...0x3FFD).contains(physicalDevice ?? 1), (32...2030).contains(frameLength ?? 32),
            (1...7).contains(window ?? 1)
        else {
            throw ValidationError("--physical-device is 1 to 16381, --frame-length 32 to 2030, --window 1 to 7")
        }
        guard delayMilliseconds ?? 0 >= 0, rows ?? 0 >= 0, pduSize ?? 64 >= 64 else {
            throw ValidationError("--delay-milliseconds and --rows are 0 or more, --pdu-size is 64 or more")
        }
    }

    func run() async throws {
        guard let scenario else { return try await runFleet() }
        let run = ScenarioRun(file: scenario, isVerbose: verbose)
        let content = try run.scenario()
        guard !check else {
            print("\(scenario): \(content.meterCount) meters on \(content.lineCount) lines")
            return
        }
        try await run.run(content)
    }

    private var serverFraming: ServerFraming {
        if framing == .iec62056Part21, let text = SimulatedText.settings() { return .text(text) }
        guard framing == .hdlc || framing == .hdlcModeE else { return .wrapper }
        var settings = HDLCServerSettings(physicalDevice: physicalDevice)
        settings.limits = HDLCLimits(
            informationTransmit: frameLength ?? HDLCFrame.longestInformation,
            informationReceive: frameLength ?? HDLCFrame.longestInformation,
            windowTransmit: window ?? 7,
            windowReceive: window ?? 7
        )
        if framing == .hdlcModeE, let text = SimulatedText.settings(offersHDLC: true) {
            return .hdlcModeE(settings, text)
        }
        return .hdlc(settings)
    }

    private func runFleet() async throws {
        let (host, port, count) = (listen ?? "127.0.0.1", port ?? 4059, count ?? 1)
        let limit = FileDescriptorLimit.raise()
        guard count + 100 <= limit.inForce else {
            throw ValidationError(
                limit.warning(needed: count + 100) ?? "too many meters for the file descriptors of this process"
            )
        }
        var options = SimulatedFleet.Options()
        options.answerDelay = .milliseconds(delayMilliseconds ?? 0)
        options.maxPDUSize = pduSize ?? options.maxPDUSize
        options.rows = rows ?? options.rows
        options.security = SimulatedSecurity(suite: SecuritySuite(rawValue: suite ?? 0) ?? .suite0)
        options.framing = serverFraming
        let fleet = SimulatedFleet(count: count, host: host, basePort: port, options: options)
        try await fleet.start()
        Terminal.tell(
            "\(count) simulated meter\(count == 1 ? "" : "s") on \(host), ports \(port) to \(port + count - 1); "
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

/// The words for the framing of simulated meters.
enum SimulatedFraming: String, CaseIterable, ExpressibleByArgument {
    /// The wrapper of IEC 62056-47.
    case wrapper
    /// HDLC frames of IEC 62056-46.
    case hdlc
    /// HDLC behind a sign-on of IEC 62056-21 mode E.
    case hdlcModeE = "hdlc-mode-e"
    /// The text protocol of IEC 62056-21.
    case iec62056Part21 = "iec62056-21"
}

/// Keeps simulated meters listening until the process stops.
struct FleetService: Service {
    let fleet: SimulatedFleet

    func run() async throws {
        try await gracefulShutdown()
        await fleet.stop()
    }
}
