// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import DLMSSecurity
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
        /// What listens for it, or connects for it.
        fileprivate let access: Access

        /// What it served so far.
        public var counters: ListenerCounters {
            switch access {
            case .listener(let listener): listener.counters
            case .caller(let caller): caller.counters
            }
        }
    }

    fileprivate enum Access: Sendable {
        case listener(MeterListener)
        case caller(ScenarioCaller)
    }

    /// What the fleet runs.
    public nonisolated let scenario: Scenario
    /// The meters, in the order of the scenario.
    public private(set) var stations: [Station] = []

    private let observer: (@Sendable (ScenarioEvent) -> Void)?
    private let network = MeterNetwork(threads: 1)
    private var nextNumber = 0

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
        do {
            for (index, line) in scenario.lines.enumerated() {
                for copy in 0..<line.count {
                    try await open(line, index, copy, start)
                }
            }
        } catch {
            await stop()
            throw error
        }
    }

    /// Lets the meters that dial in connect to the gateway, until the task is cancelled.
    public func dialIn() async {
        let network = network
        await withTaskGroup { group in
            for case .caller(let caller) in stations.map(\.access) {
                group.addTask { await caller.run(network: network) }
            }
        }
    }

    /// Closes all connections and stops listening; the fleet cannot be started again.
    public func stop() async {
        for case .listener(let listener) in stations.map(\.access) { await listener.close() }
        await network.shutdown()
    }

    /// Opens one line with all its meters.
    private func open(
        _ line: Scenario.Line,
        _ index: Int,
        _ copy: Int,
        _ start: ContinuousClock.Instant
    ) async throws(TransportError) {
        let place = line.place.numbered(copy)
        var meters: [(number: Int, meter: SimulatedMeter, faults: MeterFaults)] = []
        for (order, plan) in line.meters.enumerated() {
            let number = plan.number.map { $0 + copy } ?? nextNumber
            nextNumber = max(nextNumber, number + 1)
            let injector = FaultInjector(
                plan.faults,
                phases: scenario.phases,
                pacing: line.pacing,
                seed: Self.seed(scenario.seed, [index, copy, order])
            )
            let observer = observer(of: number, on: place, isFirst: order == 0)
            let meter = SimulatedMeter(number: number, options: .init(plan.options, seed: scenario.seed))
            meter.push(over: network)
            meters.append((number, meter, MeterFaults(injector, start: start, observer: observer)))
        }
        let plans = zip(line.meters, meters).map { plan, meter in
            MeterListener.Meter(meter.meter, .init(plan, on: line, faults: meter.faults))
        }
        let accesses: [Access]
        switch place.way {
        case .medium(let medium):
            accesses = try await MeterListener.bind(medium, meters: plans, network: network).map { .listener($0) }
        case .dialIn(let endpoint, let greeting, let again):
            accesses = zip(plans, meters).map { plan, meter in
                .caller(
                    ScenarioCaller(
                        to: endpoint,
                        greeting: greeting,
                        again: again,
                        meter: meter.meter,
                        number: meter.number,
                        options: plan.options
                    )
                )
            }
        }
        for (meter, access) in zip(meters, accesses) {
            var port: Int?
            if case .listener(let listener) = access, listener.port != 0 { port = listener.port }
            stations.append(
                Station(
                    line: place.description,
                    port: port,
                    number: meter.number,
                    meter: meter.meter,
                    faults: meter.faults,
                    access: access
                )
            )
        }
    }

    /// Who watches a meter.
    ///
    /// What all meters of a line hear is told of the first one only.
    private func observer(of number: Int, on place: Scenario.Place, isFirst: Bool) -> MeterFaults.Observer? {
        guard let observer else { return nil }
        let line = place.description
        return { event, time in
            switch event {
            case .connected where !isFirst, .disconnected where !isFirst, .received where !isFirst: return
            case .connected, .disconnected, .received, .sent, .happened: break
            }
            observer(ScenarioEvent(time: time, line: line, meter: number, event: event))
        }
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

    /// How clients and meters come together.
    fileprivate enum Way {
        case medium(ListenerMedium)
        case dialIn(TCPEndpoint, greeting: [UInt8], again: Duration)
    }

    /// What the transport makes of it.
    fileprivate var way: Way {
        switch self {
        case .tcp(let host, let port): .medium(.tcp(host: host, port: port))
        case .udp(let host, let port): .medium(.udp(host: host, port: port))
        case .tls(let host, let port, let certificate, let key):
            .medium(
                .tls(
                    host: host,
                    port: port,
                    identity: TLSIdentity(certificateFile: certificate, keyFile: key),
                    clientAuthorityFile: nil
                )
            )
        case .pseudoterminal(let path): .medium(.pseudoterminal(link: path))
        case .dialIn(let host, let port, let greeting, let again):
            .dialIn(TCPEndpoint(host: host, port: port), greeting: greeting, again: again)
        }
    }
}

extension MeterListener.Options {
    /// How a meter of a scenario listens.
    init(_ meter: Scenario.Meter, on line: Scenario.Line, faults: MeterFaults) {
        self.init(
            servesOneAtATime: line.connections == .oneWaiting,
            server: meter.options.server,
            faults: faults
        )
        refusesOthers = line.connections == .oneRefusing
        lineFormat = line.pacing.map { LineFormat(baud: $0.baud) }
        switch line.framing {
        case .wrapper: break
        case .hdlc:
            framing = .hdlc(meter.link)
        case .hdlcModeE:
            lineFormat = nil
            framing = meter.text(on: line).map { .hdlcModeE(meter.link, $0) } ?? .hdlc(meter.link)
        case .iec62056Part21:
            lineFormat = nil
            if let text = meter.text(on: line) { framing = .text(text) }
        }
    }
}

extension Scenario.Meter {
    fileprivate var link: HDLCServerSettings {
        var settings = options.link
        settings.physicalDevice = physicalDevice
        return settings
    }

    /// How the meter behaves in the text protocol, which it speaks at speeds of its own.
    fileprivate func text(on line: Scenario.Line) -> TextServerSettings? {
        var settings = options.text ?? SimulatedText.settings(offersHDLC: line.framing == .hdlcModeE)
        settings?.address = device
        settings?.needsAddress = line.meters.count > 1
        return settings
    }
}
