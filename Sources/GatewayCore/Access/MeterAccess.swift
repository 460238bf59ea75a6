// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterSessions
public import MeterTransport

/// The way to meters: the connection manager, or a stand-in for tests.
public protocol MeterAccess: Sendable {
    /// Carries out a request on the way that the route tells.
    ///
    /// - Parameters:
    ///   - request: what to do, in which association.
    ///   - route: how to reach the meter.
    ///   - deadline: when the caller stops waiting.
    ///   - priority: 0 to 9, 9 goes first.
    ///   - pacing: slows the meter down when the taker of the parts lags behind.
    ///   - onBlock: takes the value of a single GET in parts as they come; then the answer is `streamed`.
    func perform(
        _ request: SessionRequest,
        on route: MeterRoute,
        deadline: ContinuousClock.Instant,
        priority: UInt8,
        pacing: StreamPacing?,
        onBlock: (@Sendable ([UInt8]) -> Void)?
    ) async throws(SessionError) -> SessionAnswer

    /// How things stand with a meter.
    func status(of meter: String) async -> MeterLinkStatus

    /// Counts since the start, and how things stand now.
    func metrics() async -> SessionMetrics

    /// The connections of meters that dial in; nil when meters cannot.
    var standingLines: StandingLines? { get }

    /// Forgets what was learned about a meter, so that it is found out anew.
    func forgetLearned(of meter: String) async

    /// Releases the association that is open with a meter, after what is in progress and what waits for it.
    func release(meter: String) async

    /// Forgets a meter that was removed.
    func forget(meter: String) async

    /// All channels with anything to do, a connection, or an operator's wish, in the order of their keys.
    func channelStatuses() async -> [ChannelStatus]

    /// How things stand with a channel.
    func channelStatus(_ key: ChannelKey) async -> ChannelStatus

    /// All groups that were used since the start.
    func groupStatuses() async -> [ChannelGroupStatus]

    /// How things stand with a group; nil when no channel of it was used since the start.
    func groupStatus(_ id: String) async -> ChannelGroupStatus?

    /// Takes note of changed limits of a group.
    func setLimits(_ plan: ChannelGroupPlan) async

    /// Holds and drains these channels, and gives all others free.
    ///
    /// - Parameter turn: what was known at a later turn stays.
    func setControls(_ controls: [ChannelKey: ChannelStatus.Control], turn: UInt64) async

    /// Tries the way to a meter step by step, on a fresh connection.
    func check(
        _ route: MeterRoute,
        association: String,
        deadline: ContinuousClock.Instant,
        priority: UInt8,
        caller: String
    ) async throws(SessionError) -> MeterCheck

    /// Gives up lines of these shares; when this returns, no connection over them is open.
    func surrender(_ shares: @Sendable (Int) -> Bool, within limit: Duration) async

    /// What goes over the line while it is used for a meter, from now on and until the stream is left.
    func trace(meter: String) async -> AsyncStream<TraceEvent>
}

extension MeterAccess {
    /// Meters cannot dial in.
    public var standingLines: StandingLines? { nil }

    /// There are no lines.
    public func surrender(_ shares: @Sendable (Int) -> Bool, within limit: Duration) async {}
}

extension MeterSessions: MeterAccess {}
