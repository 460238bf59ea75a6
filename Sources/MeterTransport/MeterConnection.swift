// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// An open association with a meter over TCP.
///
/// The machine runs on the event loop of the connection; a caller is suspended once per request, however many frames it
/// takes. Only one request may be in progress at a time.
public final class MeterConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<MeterClientHandler>
    private let tally: ConnectionTally
    private let nextToken = Atomic<UInt64>(1)

    private init(channel: any Channel, handler: NIOLoopBound<MeterClientHandler>, tally: ConnectionTally) {
        self.channel = channel
        self.handler = handler
        self.tally = tally
    }

    /// Connects and opens an association.
    ///
    /// - Parameters:
    ///   - endpoint: where the meter listens.
    ///   - settings: how to talk to it.
    ///   - counters: where the invocation counters of protected messages come from; nil for messages in clear.
    ///   - connectTimeout: how long name resolution and connecting may take together.
    ///   - network: the event loops.
    ///   - onUnsolicited: takes what the meter sends without having been asked, on the event loop.
    ///   - onClose: called once when the connection has ended, for whatever reason, after it was open.
    /// When the task is cancelled, connecting stops and nothing stays open.
    /// - Throws: `TransportError`, always with `.notSent`.
    public static func open(
        to endpoint: TCPEndpoint,
        settings: AssociationSettings,
        counters: (any InvocationCounterSource)? = nil,
        connectTimeout: Duration,
        network: MeterNetwork,
        onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)? = nil,
        onClose: (@Sendable () -> Void)? = nil
    ) async throws(TransportError) -> (connection: MeterConnection, info: AssociationInfo) {
        let tally = ConnectionTally()
        let attempt = ConnectAttempt()
        let parts: (any Channel, NIOLoopBound<MeterClientHandler>, countersToOpen: Int)
        do {
            parts = try await withTaskCancellationHandler {
                try await ClientBootstrap(group: network.group)
                    .connectTimeout(TimeAmount(connectTimeout))
                    .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                    .connect(host: endpoint.host, port: endpoint.port) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try attempt.begin(channel)
                            let handler = MeterClientHandler(
                                settings: settings,
                                counters: counters,
                                tally: tally,
                                onUnsolicited: onUnsolicited
                            )
                            try channel.pipeline.syncOperations.addHandler(handler)
                            return (
                                channel, NIOLoopBound(handler, eventLoop: channel.eventLoop), handler.countersToOpen
                            )
                        }
                    }
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            guard !attempt.isCancelled else { throw TransportError(.cancelled) }
            throw ConnectFailure.transportError(of: error, endpoint)
        }
        let connection = MeterConnection(channel: parts.0, handler: parts.1, tally: tally)
        // Reserved here, where the caller waits anyway: asking from the event loop takes two changes of threads. When it
        // fails, the machine asks again and tells why the association cannot be opened.
        let first = parts.countersToOpen > 0 ? try? await counters?.reserve(parts.countersToOpen) : nil
        let info = try await connection.associate(counters: first)
        if let onClose { connection.channel.closeFuture.whenComplete { _ in onClose() } }
        return (connection, info)
    }

    /// What went over the connection so far.
    public var counters: ConnectionCounters { tally.snapshot }

    /// What was learned about the meter when the last request ended, well or not; nil before any has.
    public var learned: LearnedBehaviour? { tally.lastLearned }

    /// Whether the connection is still there, as far as the system knows.
    public var isOpen: Bool { channel.isActive }

    /// Does a request.
    ///
    /// When the task is cancelled, the answer may still come: ``settled()`` tells when the next request is possible.
    /// - Parameters:
    ///   - request: what to do.
    ///   - deadline: when it has to be done as a whole; nil = only the time-out of each answer counts.
    ///   - pacing: slows the meter down when the taker of the parts lags behind.
    ///   - onBlock: takes the value of a GET of one attribute in parts, on the event loop, as they come.
    /// - Returns: the response, with what is known about the association after it.
    /// - Throws: `TransportError`, which tells whether anything was sent.
    public func perform(
        _ request: ServiceRequest,
        deadline: ContinuousClock.Instant? = nil,
        pacing: StreamPacing? = nil,
        onBlock: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws(TransportError) -> (response: ServiceResponse, info: AssociationInfo) {
        let token = nextToken.wrappingAdd(1, ordering: .relaxed).oldValue
        let result: MeterClientHandler.PerformResult = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute { [handler] in
                    handler.value.perform(
                        request,
                        token: token,
                        deadline: deadline,
                        block: onBlock,
                        pacing: pacing
                    ) {
                        continuation.resume(returning: $0)
                    }
                }
            }
        } onCancel: {
            channel.eventLoop.execute { [handler] in handler.value.cancel(token: token) }
        }
        return try result.get()
    }

    /// Ends a read in progress with the answer on its way, because something more urgent waits.
    ///
    /// The read completes, or fails as cancelled with the next request possible at once. Writes go on.
    public func interrupt() {
        channel.eventLoop.execute { [handler] in handler.value.interrupt() }
    }

    /// Returns when no answer to a cancelled request can come any more, or the connection has ended.
    public func settled() async {
        await withCheckedContinuation { continuation in
            channel.eventLoop.execute { [handler] in handler.value.settle { continuation.resume() } }
        }
    }

    /// Releases the association, waits a moment for the meter's answer, and closes.
    public func release() async {
        channel.eventLoop.execute { [handler] in handler.value.release() }
        try? await channel.closeFuture.get()
    }

    /// Closes without a word.
    public func close() async {
        try? await channel.close().get()
    }

    private func associate(counters: Range<UInt64>?) async throws(TransportError) -> AssociationInfo {
        let result: Result<AssociationInfo, TransportError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute { [handler] in
                    handler.value.associate(counters: counters) { continuation.resume(returning: $0) }
                }
            }
        } onCancel: {
            channel.eventLoop.execute { [handler] in handler.value.cancelOpening() }
        }
        return try result.get()
    }
}
