// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// An open association with a meter, over whatever line.
///
/// The machine runs on the event loop of the line; a caller is suspended once per request, however many frames it takes.
/// Only one request may be in progress at a time.
public final class MeterConnection: Sendable {
    /// What the connection runs over.
    public let line: MeterLine
    private let handler: NIOLoopBound<MeterClientHandler>
    private let tally: ConnectionTally
    private let nextToken = Atomic<UInt64>(1)

    private init(line: MeterLine, handler: NIOLoopBound<MeterClientHandler>, tally: ConnectionTally) {
        self.line = line
        self.handler = handler
        self.tally = tally
    }

    private var loop: any EventLoop { line.channel.eventLoop }

    /// Opens a line and an association over it; the line is closed when the association ends.
    ///
    /// When the task is cancelled, opening stops and nothing stays open.
    /// - Parameters:
    ///   - medium: what the line runs over.
    ///   - settings: how to talk to the meter.
    ///   - counters: where the invocation counters of protected messages come from; nil for messages in clear.
    ///   - connectTimeout: how long opening the line may take, name resolution included.
    ///   - network: the event loops.
    ///   - onUnsolicited: takes what the meter sends without having been asked, on the event loop.
    ///   - onClose: called once when the connection has ended, for whatever reason, after it was open.
    /// - Throws: `TransportError`, always with `.notSent`.
    public static func open(
        to medium: MeterMedium,
        settings: AssociationSettings,
        counters: (any InvocationCounterSource)? = nil,
        connectTimeout: Duration,
        network: MeterNetwork,
        onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)? = nil,
        onClose: (@Sendable () -> Void)? = nil
    ) async throws(TransportError) -> (connection: MeterConnection, info: AssociationInfo) {
        let line = try await MeterLine.open(medium, timeout: connectTimeout, network: network)
        return try await open(
            on: line,
            settings: settings,
            counters: counters,
            onUnsolicited: onUnsolicited,
            onClose: onClose
        )
    }

    /// Opens a TCP connection and an association over it, which ends with it.
    ///
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
        try await open(
            to: .tcp(endpoint),
            settings: settings,
            counters: counters,
            connectTimeout: connectTimeout,
            network: network,
            onUnsolicited: onUnsolicited,
            onClose: onClose
        )
    }

    /// Opens an association over a line that nobody else has at the moment.
    ///
    /// The line is the connection's until it has ended. After another connection that ended with an answer on its way,
    /// the line is waited for until it is silent.
    /// - Parameters:
    ///   - line: an open line.
    ///   - settings: how to talk to the meter.
    ///   - counters: where the invocation counters of protected messages come from; nil for messages in clear.
    ///   - keepsLine: whether the line stays open when the association ends by itself or does not come about. After
    ///     a failure a line with frames of the wrapper is closed all the same: they do not tell old answers from new.
    ///   - onUnsolicited: takes what the meter sends without having been asked, on the event loop.
    ///   - onStage: told how far opening has come, on the event loop.
    ///   - onClose: called once when the connection has ended, for whatever reason, after it was open.
    /// - Throws: `TransportError`, always with `.notSent`.
    public static func open(
        on line: MeterLine,
        settings: AssociationSettings,
        counters: (any InvocationCounterSource)? = nil,
        keepsLine: Bool = false,
        onUnsolicited: (@Sendable (UnsolicitedMessage) -> Void)? = nil,
        onStage: (@Sendable (OpeningStage) -> Void)? = nil,
        onClose: (@Sendable () -> Void)? = nil
    ) async throws(TransportError) -> (connection: MeterConnection, info: AssociationInfo) {
        let machine = settings.client()
        // Reserved here, where the caller waits anyway: asking from the event loop takes two changes of threads. When it
        // fails, the machine asks again and tells why the association cannot be opened.
        let first = machine.countersToOpen > 0 ? try? await counters?.reserve(machine.countersToOpen) : nil
        let loop = line.channel.eventLoop
        let place = NIOLoopBoundBox.makeEmptyBox(valueType: MeterClientHandler.self, eventLoop: loop)
        let isCancelled = Atomic(false)
        let result: Result<(MeterConnection, AssociationInfo), TransportError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.execute {
                    let tally = ConnectionTally()
                    let handler = MeterClientHandler(
                        machine: machine,
                        settings: settings,
                        counters: counters,
                        tally: tally,
                        line: line.handler.value,
                        keepsLine: keepsLine || line.isStanding,
                        onUnsolicited: onUnsolicited,
                        onStage: onStage
                    )
                    place.value = handler
                    if isCancelled.load(ordering: .relaxed) { handler.cancelOpening() }
                    handler.associate(counters: first) { result in
                        if case .success = result, let onClose { handler.whenEnded(onClose) }
                        let bound = NIOLoopBound(handler, eventLoop: loop)
                        let connection = MeterConnection(line: line, handler: bound, tally: tally)
                        continuation.resume(returning: result.map { (connection, $0) })
                    }
                }
            }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
            loop.execute { place.value?.cancelOpening() }
        }
        return try result.get()
    }

    /// What went over the connection so far.
    public var counters: ConnectionCounters { tally.snapshot }

    /// What was learned about the meter when the last request ended, well or not; nil before any has.
    public var learned: LearnedBehaviour? { tally.lastLearned }

    /// Whether the connection is still there, as far as the system knows.
    public var isOpen: Bool { line.isOpen && !tally.hasEnded }

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
                loop.execute { [handler] in
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
            loop.execute { [handler] in handler.value.cancel(token: token) }
        }
        return try result.get()
    }

    /// Ends a read in progress with the answer on its way, because something more urgent waits.
    ///
    /// The read completes, or fails as cancelled with the next request possible at once. Writes go on.
    /// - Parameter endsStream: whether a value of which parts were handed over ends after the next part, too.
    public func interrupt(endsStream: Bool = false) {
        loop.execute { [handler] in handler.value.interrupt(endsStream: endsStream) }
    }

    /// Returns when no answer to a cancelled request can come any more, or the connection has ended.
    public func settled() async {
        await withCheckedContinuation { continuation in
            loop.execute { [handler] in handler.value.settle { continuation.resume() } }
        }
    }

    /// Releases the association, waits a moment for the meter's answer, and leaves the line.
    ///
    /// - Parameter keepingLine: whether the line stays open for another connection.
    public func release(keepingLine: Bool = false) async {
        await withCheckedContinuation { continuation in
            loop.execute { [handler, line] in
                handler.value.release(keepingLine: keepingLine || line.isStanding)
                handler.value.whenEnded { continuation.resume() }
            }
        }
        if !keepingLine { await line.close() }
    }

    /// Ends the connection without a word.
    ///
    /// - Parameter keepingLine: whether the line stays open for another connection, which gets it when it is silent.
    public func close(keepingLine: Bool = false) async {
        await withCheckedContinuation { continuation in
            loop.execute { [handler, line] in
                handler.value.drop(keepingLine: keepingLine || line.isStanding)
                handler.value.whenEnded { continuation.resume() }
            }
        }
        if !keepingLine { await line.close() }
    }
}
