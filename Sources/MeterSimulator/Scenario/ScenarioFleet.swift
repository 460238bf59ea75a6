// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport

/// The meters of a scenario, running.
public actor ScenarioFleet {
    /// One meter where it can be reached.
    public struct Station: Sendable {
        /// The line, such as `tcp 127.0.0.1:4059`.
        public let line: String
        /// The TCP or UDP port; nil on other lines.
        public let port: Int?
        /// The number of the meter.
        public let number: Int
        /// The meter itself.
        public let meter: SimulatedMeter
        /// What goes wrong with it.
        public let faults: MeterFaults
        /// What listens for it.
        public let listener: MeterListener
    }

    /// What the fleet runs.
    public nonisolated let scenario: Scenario
    /// The meters, in the order of the scenario.
    public private(set) var stations: [Station] = []

    private let observer: (@Sendable (ScenarioEvent) -> Void)?
    private let network = MeterNetwork(threads: 1)

    /// Makes a fleet that does not listen yet.
    ///
    /// - Parameters:
    ///   - scenario: what to run.
    ///   - observer: gets to know everything that happens, on an event loop; nil costs nothing.
    public init(_ scenario: Scenario, observer: (@Sendable (ScenarioEvent) -> Void)? = nil) {
        self.scenario = scenario
        self.observer = observer
    }

    /// Lets all meters listen from now on; if one cannot, none does.
    ///
    /// - Throws: `TransportError` when an address, a port or a path cannot be used.
    public func start() async throws(TransportError) {
        let start = ContinuousClock.now
        var next = 0
        do {
            for (index, line) in scenario.lines.enumerated() {
                for copy in 0..<line.count {
                    for (place, meter) in line.meters.enumerated() {
                        let number = meter.number.map { $0 + copy } ?? next
                        next = max(next, number + 1)
                        let seed = Self.seed(scenario.seed, [index, copy, place])
                        stations.append(try await open(line, copy, meter, number: number, seed: seed, start))
                    }
                }
            }
        } catch {
            await stop()
            throw error
        }
    }

    /// Closes all connections and stops listening; the fleet cannot be started again.
    public func stop() async {
        for station in stations { await station.listener.close() }
        await network.shutdown()
    }

    private func open(
        _ line: Scenario.Line,
        _ copy: Int,
        _ plan: Scenario.Meter,
        number: Int,
        seed: UInt64,
        _ start: ContinuousClock.Instant
    ) async throws(TransportError) -> Station {
        let meter = SimulatedMeter(number: number, options: SimulatedFleet.Options(plan.options, seed: scenario.seed))
        let place = line.place.numbered(copy)
        let report = observer.map { observer -> MeterFaults.Observer in
            { event, time in
                observer(ScenarioEvent(time: time, line: place.description, meter: number, event: event))
            }
        }
        let faults = MeterFaults(
            FaultInjector(plan.faults, phases: scenario.phases, pacing: line.pacing, seed: seed),
            start: start,
            observer: report
        )
        var options = MeterListener.Options(
            servesOneAtATime: line.connections == .oneWaiting,
            server: plan.options.server,
            faults: faults
        )
        options.refusesOthers = line.connections == .oneRefusing
        let listener = try await place.listen(meter, options, network)
        return Station(
            line: place.description,
            port: listener.port == 0 ? nil : listener.port,
            number: number,
            meter: meter,
            faults: faults,
            listener: listener
        )
    }

    /// A seed for each meter, whatever the others are.
    private static func seed(_ seed: UInt64, _ places: [Int]) -> UInt64 {
        places.reduce(seed) { mixed, place in
            let product = (mixed ^ UInt64(truncatingIfNeeded: place &+ 1)) &* 0x9E37_79B9_7F4A_7C15
            return product ^ (product >> 29)
        }
    }
}

extension SimulatedFleet.Options {
    init(_ options: Scenario.Options, seed: UInt64) {
        self.init()
        security = SimulatedSecurity(suite: options.suite)
        maxPDUSize = options.maxPDUSize
        rows = options.rows
        clockShiftSeconds = options.clockShiftSeconds
        offsetMinutes = options.offsetMinutes
        self.seed = seed
    }
}

extension Scenario.Place: CustomStringConvertible {
    /// The kind of the line and its address, such as `tcp 127.0.0.1:4059`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): "tcp \(TCPEndpoint(host: host, port: port))"
        case .udp(let host, let port): "udp \(TCPEndpoint(host: host, port: port))"
        case .tls(let host, let port, _, _): "tls \(TCPEndpoint(host: host, port: port))"
        case .pseudoterminal(let path): "pseudoterminal \(path)"
        case .dialIn(let host, let port, _, _): "dial-in \(TCPEndpoint(host: host, port: port))"
        }
    }

    /// The place of one of several equal lines, from 0: the ports follow each other, paths after the first get a number.
    func numbered(_ copy: Int) -> Scenario.Place {
        func next(_ port: Int) -> Int { port == 0 ? 0 : port + copy }
        switch self {
        case .tcp(let host, let port): return .tcp(host: host, port: next(port))
        case .udp(let host, let port): return .udp(host: host, port: next(port))
        case .tls(let host, let port, let certificate, let key):
            return .tls(host: host, port: next(port), certificate: certificate, key: key)
        case .pseudoterminal(let path): return .pseudoterminal(path: copy == 0 ? path : "\(path)-\(copy + 1)")
        case .dialIn: return self
        }
    }

    fileprivate func listen(
        _ meter: SimulatedMeter,
        _ options: MeterListener.Options,
        _ network: MeterNetwork
    ) async throws(TransportError) -> MeterListener {
        switch self {
        case .tcp(let host, let port):
            try await MeterListener.bind(host: host, port: port, objects: meter, options: options, network: network)
        case .udp, .tls, .pseudoterminal, .dialIn:
            throw TransportError(.notBound(code: 95))
        }
    }
}
