// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
internal import DLMSSecurity
internal import NIOCore
internal import NIOPosix

/// A meter that listens on a TCP port and serves its objects to whoever connects.
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

    private init(channel: any Channel, state: ListenerState) {
        self.channel = channel
        self.state = state
    }

    /// Starts to listen.
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
        let state = ListenerState(options)
        let loop = network.group.next()
        let bootstrap = ServerBootstrap(group: loop, childGroup: loop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: !options.servesOneAtATime)
            .serverChannelOption(.maxMessagesPerRead, value: UInt(options.servesOneAtATime ? 1 : 16))
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    let machine = ServerMachine(
                        objects: objects,
                        framing: options.framing,
                        options: options.server,
                        random: { (try? RandomOctets.draw($0)) ?? [] }
                    )
                    let meter = ServedMeter(machine: machine, state: state, faults: options.faults, channel: child)
                    try child.pipeline.syncOperations.addHandler(
                        MeterServerHandler(meter: meter, state: state, isExclusive: options.refusesOthers)
                    )
                    if options.servesOneAtATime, let parent = child.parent {
                        child.closeFuture.whenComplete { _ in parent.read() }
                    }
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            if options.servesOneAtATime { channel.read() }
            return MeterListener(channel: channel, state: state)
        } catch let error as IOError {
            throw TransportError(.notBound(code: error.errnoCode))
        } catch {
            throw TransportError(.nameNotResolved(host: host))
        }
    }

    /// The port listened on.
    public var port: Int { channel.localAddress?.port ?? 0 }

    /// What was served so far.
    public var counters: ListenerCounters { state.counters }

    /// How long answers are held back from now on.
    public func setAnswerDelay(_ delay: Duration) {
        state.setAnswerDelay(delay)
    }

    /// What becomes of answers from now on; requests are carried out in any case.
    public func setAnswering(_ answering: Answering) {
        for answer in state.setAnswering(answering) {
            answer.channel.writeAndFlush(answer.channel.allocator.buffer(bytes: answer.octets), promise: nil)
        }
    }

    /// Sends a message that nobody asked for to all clients that have an association and agreed to its kind.
    public func notify(_ message: UnsolicitedMessage) {
        for connection in state.openConnections {
            connection.eventLoop.execute {
                let handler = try? connection.pipeline.syncOperations.handler(type: MeterServerHandler.self)
                handler?.notify(message)
            }
        }
    }

    /// Closes the connections of all clients without a word; new ones may come.
    public func dropConnections() async {
        await withCheckedContinuation { continuation in
            channel.eventLoop.execute { [state] in
                state.closeConnections()
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
