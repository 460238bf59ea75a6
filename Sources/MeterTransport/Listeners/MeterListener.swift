// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
internal import NIOCore

/// A meter that serves its objects to whoever connects, or calls it on a line that it may share with other meters.
///
/// All connections of one listener share one event loop, so a thousand listeners cost no more threads than one.
public final class MeterListener: Sendable {
    /// How a listener behaves below the services.
    public struct Options: Sendable {
        /// How long every answer is held back.
        public var answerDelay: Duration
        /// Whether the next client has to wait in the backlog until the one before has left, as with many meters.
        public var servesOneAtATime: Bool
        /// Whether the connections of other clients are closed at once while one is connected.
        public var refusesOthers = false
        /// How the server behaves where the standard leaves a choice.
        public var server: ServerMachine.Options
        /// How messages are framed.
        public var framing = ServerFraming.wrapper
        /// The format that the meter has at first on a line with a speed; nil = whatever the client has.
        public var lineFormat: LineFormat?
        /// The modem before the meter; nil = there is none.
        public var modem: SimulatedModem?
        /// What goes wrong between the meter and its clients; nil = nothing.
        public var faults: MeterFaults?

        /// The usual behaviour: no delay, any number of clients.
        public init(
            answerDelay: Duration = .zero,
            servesOneAtATime: Bool = false,
            server: ServerMachine.Options = ServerMachine.Options(),
            faults: MeterFaults? = nil
        ) {
            self.answerDelay = answerDelay
            self.servesOneAtATime = servesOneAtATime
            self.server = server
            self.faults = faults
        }
    }

    /// What becomes of answers.
    public enum Answering: Hashable, Sendable {
        /// They are sent, after the delay if there is one.
        case prompt
        /// They are kept, and sent when answering becomes prompt again.
        case held
        /// They are lost, as with a meter whose radio is gone.
        case silent
    }

    private let channel: any Channel
    private let state: ListenerState
    /// The path of the pseudoterminal or of the device listened on; nil for ports.
    public let path: String?

    init(channel: any Channel, state: ListenerState, path: String? = nil) {
        self.channel = channel
        self.state = state
        self.path = path
    }

    /// Starts to listen on a TCP port.
    ///
    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: the port; 0 = any free one.
    ///   - objects: what is served.
    ///   - options: how the listener behaves.
    ///   - network: the event loops.
    /// - Throws: `TransportError` with `.notBound` or `.nameNotResolved`.
    public static func bind(
        host: String = "127.0.0.1",
        port: Int = 0,
        objects: any ObjectServer,
        options: Options = Options(),
        network: MeterNetwork
    ) async throws(TransportError) -> MeterListener {
        try await bind(.tcp(host: host, port: port), Meter(objects, options), network: network)
    }

    /// Starts to listen for one meter.
    ///
    /// - Throws: `TransportError` with `.notBound`, `.nameNotResolved` or `.portNotOpened`.
    public static func bind(
        _ medium: ListenerMedium,
        _ meter: Meter,
        network: MeterNetwork
    ) async throws(TransportError) -> MeterListener {
        let line = SharedListener([meter], network)
        let channel = try await line.bind(medium)
        return MeterListener(channel: channel.channel, state: line.states[0], path: channel.path)
    }

    /// Starts to listen for several meters on one line: each hears everything, and answers what is meant for it.
    ///
    /// - Parameters:
    ///   - medium: the line. Of the options only the first meter's say who may connect.
    ///   - meters: what is on it.
    ///   - network: the event loops.
    /// - Returns: a listener for each meter, in the same order; closing one closes the line for all.
    /// - Throws: `TransportError` with `.notBound`, `.nameNotResolved` or `.portNotOpened`.
    public static func bind(
        _ medium: ListenerMedium,
        meters: [Meter],
        network: MeterNetwork
    ) async throws(TransportError) -> [MeterListener] {
        guard !meters.isEmpty else { return [] }
        let line = SharedListener(meters, network)
        let channel = try await line.bind(medium)
        return line.states.map { MeterListener(channel: channel.channel, state: $0, path: channel.path) }
    }

    /// The port listened on; 0 on lines without.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// What was served so far.
    public var counters: ListenerCounters { state.counters }

    /// How long answers are held back from now on.
    public func setAnswerDelay(_ delay: Duration) {
        state.setAnswerDelay(delay)
    }

    /// What becomes of answers from now on; requests are carried out in any case.
    public func setAnswering(_ answering: Answering) {
        send(state.setAnswering(answering))
    }

    /// Sends the answers that are kept; those to come are kept as before.
    public func releaseHeld() {
        send(state.takeHeld())
    }

    private func send(_ answers: [(octets: [UInt8], meter: NIOLoopBound<ServedMeter>)]) {
        for answer in answers {
            channel.eventLoop.execute { answer.meter.value.write(answer.octets) }
        }
    }

    /// Sends a message that nobody asked for to all clients that have an association and agreed to its kind.
    public func notify(_ message: UnsolicitedMessage) {
        for connection in state.openConnections {
            channel.eventLoop.execute { connection.value.notify(message) }
        }
    }

    /// Closes the connections of all clients without a word; new ones may come.
    public func dropConnections() async {
        await withCheckedContinuation { continuation in
            channel.eventLoop.execute { [state] in
                for connection in state.openConnections { connection.value.close() }
                continuation.resume()
            }
        }
    }

    /// Stops listening and closes the connections of all clients.
    public func close() async {
        try? await channel.close().get()
        await dropConnections()
    }
}
