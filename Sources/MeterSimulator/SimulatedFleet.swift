// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport

/// Simulated meters on consecutive TCP ports of one address.
///
/// ```swift
/// let fleet = SimulatedFleet(count: 5, basePort: 4059)
/// try await fleet.start()
/// ```
public actor SimulatedFleet {
    /// The address the meters listen on.
    public nonisolated let host: String
    /// How the meters are.
    public nonisolated let options: Options
    /// The meters by their number.
    public nonisolated let meters: [SimulatedMeter]

    private let basePort: Int
    private let network: MeterNetwork
    private var listeners: [MeterListener] = []

    /// Makes a fleet that does not listen yet.
    /// - Parameters:
    ///   - count: How many meters.
    ///   - host: The address to listen on.
    ///   - basePort: The port of the first meter; the others follow. 0 lets the system choose a port for each.
    ///   - options: How the meters are.
    public init(count: Int, host: String = "127.0.0.1", basePort: Int, options: Options = Options()) {
        self.host = host
        self.basePort = basePort
        self.options = options
        meters = (0..<max(count, 0)).map { SimulatedMeter(number: $0, options: options) }
        network = MeterNetwork(threads: 1)
    }

    /// Lets all meters listen; if one cannot, none does.
    /// - Throws: `TransportError` when an address or a port cannot be used.
    public func start() async throws(TransportError) {
        do {
            for (number, meter) in meters.enumerated() {
                var listening = MeterListener.Options(
                    answerDelay: options.answerDelay,
                    servesOneAtATime: options.servesOneAtATime
                )
                listening.framing = options.framing
                let listener = try await MeterListener.bind(
                    host: host,
                    port: basePort == 0 ? 0 : basePort + number,
                    objects: meter,
                    options: listening,
                    network: network
                )
                listeners.append(listener)
                meter.push(over: network)
            }
        } catch {
            await stop()
            throw error
        }
    }

    /// Closes all connections and stops listening; the fleet cannot be started again.
    public func stop() async {
        for listener in listeners { await listener.close() }
        listeners.removeAll()
        await network.shutdown()
    }

    /// The ports by number of the meter; empty before the start.
    public var ports: [Int] { listeners.map(\.port) }

    /// What a meter served so far; nil if it does not listen.
    public func counters(ofMeter number: Int) -> ListenerCounters? {
        listeners.indices.contains(number) ? listeners[number].counters : nil
    }

    /// The listener of a meter, to hold back its answers, silence it or drop its connections.
    public func listener(ofMeter number: Int) -> MeterListener? {
        listeners.indices.contains(number) ? listeners[number] : nil
    }
}
