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

    /// Forgets what was learned about a meter, so that it is found out anew.
    func forgetLearned(of meter: String) async

    /// Forgets a meter that was removed.
    func forget(meter: String) async
}

extension MeterSessions: MeterAccess {}
