// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// How things stand with a channel.
public struct ChannelStatus: Hashable, Sendable {
    /// A failure on a channel.
    public struct Failure: Hashable, Sendable {
        /// What went wrong.
        public var error: SessionError
        /// The identifier of the meter that was meant.
        public var meter: String
        /// When it was.
        public var instant: ContinuousClock.Instant
    }

    /// What a channel does.
    public enum State: String, Hashable, Sendable {
        /// Nothing, without a connection.
        case idle
        /// It waits for another channel of its group to finish.
        case waitingForGroup = "waiting-for-group"
        /// It waits until it may connect.
        case waitingToConnect = "waiting-to-connect"
        /// It connects or associates.
        case connecting
        /// An exchange is in progress.
        case busy
        /// An association is open, and nothing to do.
        case associated
        /// An operator holds it: what is asked for waits.
        case held
    }

    /// Who has the channel.
    public struct Holder: Hashable, Sendable {
        /// The identifier of the meter.
        public var meter: String
        /// The name of the association.
        public var association: String
        /// Since when.
        public var since: ContinuousClock.Instant
    }

    /// What an operator wants of a channel.
    public enum Control: Hashable, Sendable {
        /// Nothing special.
        case free
        /// No exchange begins until then, for a reason that the operator gave; nil = until the channel is given free.
        case held(until: ContinuousClock.Instant?, reason: String? = nil)
        /// Nothing new is taken.
        case draining
    }

    /// The channel.
    public var key: ChannelKey
    /// The group whose limits count for it, as far as is known.
    public var group: String?
    /// What it does.
    public var state = State.idle
    /// What an operator wants of it.
    public var control = Control.free
    /// How many requests wait with each priority, from 0 to 9.
    public var queue = [Int](repeating: 0, count: 10)
    /// Who has the channel; nil without a connection and work.
    public var holder: Holder?
    /// Whether the line is left alone because it could not be opened; for meters that do not answer see
    /// ``MeterLinkStatus/breaker``.
    public var breaker = BreakerStatus()
    /// The last failure since the start, even if the channel has worked after it.
    public var lastFailure: Failure?
    /// What went over the channel since the start.
    public var totals = ChannelTotals()

    /// How many requests wait.
    public var queueLength: Int { queue.reduce(0, +) }

    init(key: ChannelKey) {
        self.key = key
    }
}

/// Counts of one channel since the start.
public struct ChannelTotals: Hashable, Sendable {
    /// Requests carried out.
    public var exchanges = 0
    /// Requests that failed.
    public var failures = 0
    /// Connections opened.
    public var connections = 0
    /// Octets sent, framing included.
    public var octetsSent = 0
    /// Octets received, framing included.
    public var octetsReceived = 0

    /// All counts at zero.
    public init() {}
}
