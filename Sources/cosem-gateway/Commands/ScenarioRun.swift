// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import ArgumentParser
import Glibc
import MeterSimulator
import ServiceLifecycle

/// What `simulate --scenario` does.
struct ScenarioRun {
    let file: String
    let isVerbose: Bool

    /// Reads the file.
    ///
    /// - Throws: `ValidationError` that says where in the file what is wrong.
    func scenario() throws -> Scenario {
        guard let text = FileOctets.read(file) else { throw ValidationError("\(file) cannot be read") }
        do {
            return try Scenario(text: text)
        } catch {
            throw ValidationError("\(file): \(error)")
        }
    }

    /// Runs the meters until the process is told to stop, then says what they served.
    func run(_ scenario: Scenario) async throws {
        let limit = FileDescriptorLimit.raise()
        let needed = 2 * scenario.lineCount + 100
        guard needed <= limit.inForce else {
            throw ValidationError(
                limit.warning(needed: needed) ?? "too many meters for the file descriptors of this process"
            )
        }
        var observer: (@Sendable (ScenarioEvent) -> Void)?
        if isVerbose { observer = { event in Self.write(event.description) } }
        let fleet = ScenarioFleet(scenario, observer: observer)
        try await fleet.start()
        let lines = scenario.lineCount
        let meters = scenario.meterCount
        Terminal.tell(
            "scenario \(scenario.name): \(meters) meter\(meters == 1 ? "" : "s") on \(lines) line\(lines == 1 ? "" : "s")"
        )
        for station in await fleet.stations.prefix(20) { Terminal.tell("  \(station.line) meter \(station.number)") }
        if meters > 20 { Terminal.tell("  and \(meters - 20) more") }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: ScenarioService(fleet: fleet)),
                    .init(service: PhaseAnnouncer(scenario: scenario, isVerbose: isVerbose)),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Terminal.logger(level: .warning)
            )
        )
        try await group.run()
        for station in await fleet.stations { Self.write(Self.summary(of: station)) }
    }

    /// Writes one line to standard output, whole.
    static func write(_ line: String) {
        let octets = Array((line + "\n").utf8)
        _ = Glibc.write(STDOUT_FILENO, octets, octets.count)
    }

    private static func summary(of station: ScenarioFleet.Station) -> String {
        let counters = station.counters
        let served = counters.served.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value)" }
        let faults = station.faults.happened.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { "\($0.key.rawValue) \($0.value)" }
        return "\(station.line) meter \(station.number): connections \(counters.accepted); "
            + "served \(served.isEmpty ? "nothing" : served.joined(separator: ", ")); "
            + "faults \(faults.isEmpty ? "none" : faults.joined(separator: ", "))"
    }
}

/// Keeps the meters of a scenario listening until the process stops.
private struct ScenarioService: Service {
    let fleet: ScenarioFleet

    func run() async throws {
        await cancelWhenGracefulShutdown { await fleet.dialIn() }
        try await gracefulShutdown()
        await fleet.stop()
    }
}

/// Says when a phase of a scenario begins.
private struct PhaseAnnouncer: Service {
    let scenario: Scenario
    let isVerbose: Bool
    var clock = ContinuousClock()

    func run() async throws {
        let start = clock.now
        await cancelWhenGracefulShutdown {
            var time = Duration.zero
            while isVerbose, !scenario.phases.phases.isEmpty {
                let (name, end) = scenario.phases.phase(at: time)
                ScenarioRun.write("\(ScenarioEvent.seconds(time)) phase \(name ?? "none: all are over")")
                guard let end else { break }
                guard (try? await clock.sleep(until: start + end, tolerance: nil)) != nil else { return }
                time = end
            }
        }
        try await gracefulShutdown()
    }
}
