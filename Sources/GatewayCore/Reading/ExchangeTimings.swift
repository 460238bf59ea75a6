// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where the time of a request went, added up over its exchanges.
public struct ExchangeTimings: Hashable, Sendable {
    /// Waiting in line for the channel.
    public var queue: Duration
    /// Making the connection and the association.
    public var connect: Duration
    /// Talking to the meter.
    public var exchange: Duration

    /// No time at all, as for a kept value.
    public static let none = ExchangeTimings(queue: .zero, connect: .zero, exchange: .zero)

    /// Makes timings.
    public init(queue: Duration, connect: Duration, exchange: Duration) {
        self.queue = queue
        self.connect = connect
        self.exchange = exchange
    }

    static func += (left: inout ExchangeTimings, right: ExchangeTimings) {
        left.queue += right.queue
        left.connect += right.connect
        left.exchange += right.exchange
    }
}
