// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import MeterTransport

/// Why a request to a meter failed.
public enum SessionError: Error, Hashable, Sendable {
    /// Where a request was when its deadline passed or its caller left.
    public enum Stage: String, Hashable, Sendable {
        /// Waiting for the channel, which was busy with others.
        case queued
        /// Connecting and associating.
        case connecting
        /// Exchanging requests and answers.
        case exchanging
    }

    /// The connection or the exchange failed: see the reason for whose fault it is.
    case transport(TransportError)
    /// There are no invocation counters for the association, or the meter is ahead of ours and not followed.
    case counters(CounterFault)
    /// The caller's deadline passed.
    case deadlinePassed(Stage, TransportError.Transmission)
    /// The caller's task was cancelled.
    case cancelled(TransportError.Transmission)
    /// As many requests as allowed wait for the channel: too much load for the path.
    case queueFull(limit: Int)
    /// The meter, or the line to it, failed so often that it is left alone until then: nothing was sent.
    case breakerOpen(until: ContinuousClock.Instant)
    /// An operator holds the channel, which was not given free before the caller's deadline passed.
    case channelHeld(until: ContinuousClock.Instant?, reason: String? = nil)
    /// An operator drains the channel: it finishes what waits and takes nothing new.
    case channelDraining
    /// The process is shutting down.
    case draining
    /// Another gateway has the line, or is about to.
    case heldElsewhere
    /// The route has no association of this name: the caller or the configuration.
    case unknownAssociation(String)

    /// Whether the meter may have got anything of the request; `.sent` with a write means that its outcome is unknown.
    public var transmission: TransportError.Transmission {
        switch self {
        case .transport(let error): error.transmission
        case .deadlinePassed(_, let transmission), .cancelled(let transmission): transmission
        case .counters, .queueFull, .breakerOpen, .channelHeld, .channelDraining, .draining, .heldElsewhere,
            .unknownAssociation:
            .notSent
        }
    }
}
