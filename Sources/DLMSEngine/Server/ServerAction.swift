// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What a ``ServerMachine`` wants done, in this order.
public enum ServerAction: Hashable, Sendable {
    /// Send these octets to the client.
    case send([UInt8])
    /// Call ``ServerMachine/deadlineReached(now:)`` at this instant; replaces the deadline before, nil = none.
    case deadline(ContinuousClock.Instant?)
    /// A request was answered; for counters and traces.
    case served(ServedRequest)
    /// Close the connection: what the client sends cannot be read.
    case close
}

/// The kinds of requests a server answers.
public enum ServedRequest: String, Hashable, Sendable, CaseIterable {
    /// An association was opened.
    case associate
    /// An association was refused.
    case refuse
    /// An association was released.
    case release
    /// A GET, or the next block of one.
    case get
    /// A SET, or a block of one.
    case set
    /// An ACTION, or a block of one.
    case action
    /// An ACCESS.
    case access
    /// A notification was confirmed by the client.
    case confirmation
    /// A request that could not be carried out as a whole.
    case exception
}
