// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// How things stand with a meter's session.
public struct MeterLinkStatus: Hashable, Sendable {
    /// What the session is doing.
    public enum State: String, Hashable, Sendable {
        /// No connection.
        case idle
        /// Connecting or associating.
        case connecting
        /// An association is open, and nothing to do.
        case associated
        /// An exchange is in progress.
        case busy
    }

    /// What the session is doing.
    public var state = State.idle
    /// When the meter last answered anything.
    public var lastContact: ContinuousClock.Instant?
    /// The last failure since the start, even if the meter has answered after it.
    public var lastError: SessionError?
    /// When that was.
    public var lastErrorAt: ContinuousClock.Instant?
    /// How many requests to this meter wait for its channel.
    public var queueLength = 0
    /// The name of the association that is open.
    public var openAssociation: String?
    /// Since when it is open.
    public var openSince: ContinuousClock.Instant?
    /// What was agreed and learned when an association was last used.
    public var association: AssociationInfo?
    /// What was learned about the meter since the start; nil when nothing was asked so far.
    public var learned: LearnedBehaviour?
    /// Whether the meter is left alone because it did not answer.
    public var breaker = BreakerStatus()
    /// How many requests were carried out.
    public var exchanges = 0
    /// How many requests failed.
    public var failures = 0
    /// How many connections were opened.
    public var connections = 0
    /// Octets sent to the meter, framing included.
    public var octetsSent = 0
    /// Octets received from the meter, framing included.
    public var octetsReceived = 0

    /// The status of a meter that was never talked to.
    public init() {}
}
