// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// What a sender uses to bring its messages.
public enum PushTransport: String, CaseIterable, Hashable, Sendable {
    /// A connection that the sender opened.
    case tcp
    /// Datagrams, whose source address anybody can claim.
    case udp
    /// A serial line that only the meters on it can write to.
    case serial
}

/// A message that was pushed, and the way back to its sender.
public struct PushArrival: Sendable {
    /// The address of the sender, without its port; the device of a serial line.
    public let address: String
    /// What it came by.
    public let transport: PushTransport
    /// What was pushed.
    public let message: PushedMessage
    /// When it was complete.
    public let receivedAt: ContinuousClock.Instant
    private let reply: @Sendable ([UInt8], PushRoute) -> Void

    /// Gathers an arrival.
    ///
    /// - Parameter reply: takes an APDU back to the sender, if it is still there.
    public init(
        address: String,
        transport: PushTransport,
        message: PushedMessage,
        receivedAt: ContinuousClock.Instant,
        reply: @escaping @Sendable ([UInt8], PushRoute) -> Void
    ) {
        self.address = address
        self.transport = transport
        self.message = message
        self.receivedAt = receivedAt
        self.reply = reply
    }

    /// Sends an APDU back to the sender the way the message came; nothing happens when it has left.
    public func answer(_ apdu: [UInt8]) {
        reply(apdu, message.route)
    }
}
