// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// The client's side of a protocol, without any input or output of its own: what is driven over a line.
///
/// Events go in as past-tense calls, actions come out in the order in which they are to be done; see ``ClientMachine``.
public protocol ProtocolClient: Sendable {
    /// What was agreed and learned.
    var info: AssociationInfo { get }
    /// How many invocation counters opening takes.
    var countersToOpen: Int { get }
    /// Whether a request may be made now.
    var isReady: Bool { get }
    /// Whether the answer to a request that was cancelled is still waited for.
    var isAbandoning: Bool { get }
    /// Whether what was opened has failed, and the link is being taken leave of.
    var isLeaving: Bool { get }
    /// How far opening has come; nil before it has begun and after it has failed.
    var openingStage: OpeningStage? { get }

    /// The transport is connected.
    mutating func connected(now: ContinuousClock.Instant, randomness: AssociationRandomness?) -> [ClientAction]
    /// Somebody wants a request done.
    mutating func perform(
        _ request: ServiceRequest,
        deadline: ContinuousClock.Instant?,
        streams: Bool,
        now: ContinuousClock.Instant
    ) -> [ClientAction]
    /// Octets came from the meter.
    mutating func received(_ octets: [UInt8], now: ContinuousClock.Instant) -> [ClientAction]
    /// The time given by the last ``ClientAction/deadline(_:)`` has come.
    mutating func deadlineReached(now: ContinuousClock.Instant) -> [ClientAction]
    /// The caller does not want the request in progress any more.
    mutating func cancel(now: ContinuousClock.Instant) -> [ClientAction]
    /// Something more urgent waits: a read in progress ends with the answer on its way.
    mutating func interrupt(endsStream: Bool)
    /// What was opened is to be ended, and the connection closed.
    mutating func release(now: ContinuousClock.Instant) -> [ClientAction]
    /// The connection ended, by whatever side.
    mutating func connectionClosed() -> [ClientAction]
    /// Invocation counters were reserved.
    mutating func countersReserved(_ counters: Range<UInt64>, now: ContinuousClock.Instant) -> [ClientAction]
    /// No invocation counters could be reserved.
    mutating func countersRefused(_ refusal: CounterRefusal, now: ContinuousClock.Instant) -> [ClientAction]
}

extension ClientMachine: ProtocolClient {
    /// Whether the association has ended and the link is being taken leave of.
    public var isLeaving: Bool {
        if case .leaving = state { true } else { false }
    }
}
extension TextClientMachine: ProtocolClient {
    /// Never: nothing is awaited after the break that ends a session in text.
    public var isLeaving: Bool { false }
}

extension AssociationSettings {
    /// The machine for these settings, which has no connection yet.
    public func client() -> any ProtocolClient {
        if case .text(let link) = self.link { return TextClientMachine(settings: self, link: link) }
        return ClientMachine(settings: self)
    }
}
