// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where meters push to, and how much one of them may ask of us.
public struct PushSettings: Hashable, Sendable {
    /// The address that is listened on, over TCP and UDP.
    public var host: String
    /// The port, the same for both; 0 = any free one.
    public var port: Int
    /// How many connections there may be; more are closed at once.
    public var mostConnections = 10_000
    /// How many connections one address may have; more are closed at once.
    public var connectionsPerAddress = 100
    /// How many octets a second one address may send for long; four times as many at once.
    ///
    /// Over TCP who sends more is read more slowly, over UDP what is more is dropped.
    public var octetsPerSecond = 65_536
    /// How many messages of one address wait at most.
    public var waitingPerAddress = 256
    /// How many addresses are remembered.
    public var mostSenders = 10_000
    /// The longest message in octets, at most 65 535.
    public var longestMessage = 32_768
    /// How many octets of incomplete messages are kept of all senders together.
    public var mostIncompleteOctets = 64 << 20
    /// How long the rest of a message may take.
    public var silence = Duration.seconds(10)
    /// How long a connection may say nothing.
    public var idle = Duration.seconds(600)

    /// Makes settings with the usual limits.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
