// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore

/// An open path for octets, whatever the medium, over which one connection to a meter after the other may be made.
///
/// ```swift
/// let line = try await MeterLine.open(.tcp(endpoint), timeout: .seconds(10), network: network)
/// let (first, _) = try await MeterConnection.open(on: line, settings: one, keepsLine: true)
/// await first.release(keepingLine: true)
/// let (second, _) = try await MeterConnection.open(on: line, settings: other)
/// ```
public final class MeterLine: Sendable {
    /// What the line runs over.
    public let medium: MeterMedium
    let channel: any Channel
    let handler: NIOLoopBound<LineHandler>
    private let tally: LineTally

    init(_ medium: MeterMedium, channel: any Channel, handler: NIOLoopBound<LineHandler>, tally: LineTally) {
        self.medium = medium
        self.channel = channel
        self.handler = handler
        self.tally = tally
    }

    /// Opens a line.
    ///
    /// When the task is cancelled, opening stops and nothing stays open.
    ///
    /// - Parameters:
    ///   - medium: what the line runs over.
    ///   - timeout: how long opening may take, name resolution included.
    ///   - network: the event loops.
    ///   - tap: watches the line from its opening on; nil costs nothing.
    /// - Throws: `TransportError`, always with `.notSent`.
    public static func open(
        _ medium: MeterMedium,
        timeout: Duration,
        network: MeterNetwork,
        tap: (any LineTap)? = nil
    ) async throws(TransportError) -> MeterLine {
        let opening = LineOpening(medium: medium, timeout: timeout, network: network, tap: tap)
        let line =
            switch medium {
            case .tcp(let endpoint): try await opening.connect(to: endpoint)
            case .udp(let endpoint): try await opening.exchangeDatagrams(with: endpoint)
            case .tls(let endpoint, let settings): try await opening.open(endpoint, settings)
            case .serial(let settings): try await opening.open(settings)
            case .rfc2217(let endpoint, let format): try await opening.open(endpoint, format)
            case .modem(let port, let settings): try await opening.dial(settings, over: port)
            case .standing(let identity): try await opening.standingLine(of: identity)
            }
        tap?.note(.opened, at: .now)
        return line
    }

    /// Whether the line is still there, as far as the system knows.
    public var isOpen: Bool { channel.isActive && !tally.isEnding }

    /// What went over the line so far.
    public var counters: LineCounters { tally.snapshot }

    /// Lets another tap watch the line from now on, or none.
    public func setTap(_ tap: (any LineTap)?) {
        channel.eventLoop.execute { [handler] in handler.value.tap = tap }
    }

    /// Calls back once when the line is closed, by whatever side; at once when it is already.
    public func onClose(_ action: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in action() }
    }

    /// Closes the line without a word; who has it comes to know that it ended.
    ///
    /// The connection of a meter that dialled in stays, because we could not open another.
    public func close() async {
        guard !isStanding else { return setTap(nil) }
        tally.end()
        channel.close(promise: nil)
        // The end of it all: by then a port has been given back.
        try? await channel.closeFuture.get()
    }

    /// The same line as that of another medium, which runs over this one.
    func carrying(_ medium: MeterMedium) -> MeterLine {
        MeterLine(medium, channel: channel, handler: handler, tally: tally)
    }

    /// Closes the line, whatever it runs over.
    func end() {
        channel.close(promise: nil)
    }

    /// Whether the line stands by itself, and is only left by who has it.
    var isStanding: Bool {
        if case .standing = medium { true } else { false }
    }
}
