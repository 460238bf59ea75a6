// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// What is known of an address that pushes.
public struct PushSenderStatus: Hashable, Sendable {
    /// The address, without a port; the device of a serial line.
    public let address: String
    /// What it came by.
    public internal(set) var transports: Set<PushTransport> = []
    /// How many connections it has now.
    public internal(set) var connections = 0
    /// When it was first heard.
    public let firstSeen: ContinuousClock.Instant
    /// When it was last heard.
    public internal(set) var lastSeen: ContinuousClock.Instant
    /// How many messages came.
    public internal(set) var messages: UInt64 = 0
    /// How many octets came, framing included.
    public internal(set) var octets: UInt64 = 0
    /// How many messages were dropped because it sent too much.
    public internal(set) var dropped: UInt64 = 0
    /// How many of its messages wait now.
    public internal(set) var waiting = 0
    /// How often octets did not become a message, and why.
    public internal(set) var losses: [PushLoss: UInt64] = [:]
    /// The meters that its messages were found to be of, the last ones.
    public internal(set) var meters: [String] = []
    /// Why messages were refused, and how often.
    public internal(set) var refusals: [String: UInt64] = [:]
    /// By what the sender of the refused messages could be configured: system title, logical device name, numbers.
    public internal(set) var names: [String] = []
    /// The beginning of the last octets that came.
    public internal(set) var lastOctets: [UInt8] = []

    init(address: String, now: ContinuousClock.Instant) {
        self.address = address
        firstSeen = now
        lastSeen = now
    }
}

/// What came of all that was pushed.
public struct PushCounters: Hashable, Sendable {
    /// Messages that came.
    public internal(set) var messages: UInt64 = 0
    /// Octets that came, framing included.
    public internal(set) var octets: UInt64 = 0
    /// Messages that were dropped because their sender sent too much.
    public internal(set) var dropped: UInt64 = 0
    /// How often octets did not become a message, and why.
    public internal(set) var losses: [PushLoss: UInt64] = [:]
    /// Connections that are open.
    public internal(set) var connections = 0
    /// Connections that were refused because there were too many.
    public internal(set) var refusedConnections: UInt64 = 0
    /// Addresses that are remembered.
    public internal(set) var senders = 0
    /// Messages that wait.
    public internal(set) var waiting = 0
    /// Octets of messages that are not complete.
    public internal(set) var incompleteOctets = 0
}
