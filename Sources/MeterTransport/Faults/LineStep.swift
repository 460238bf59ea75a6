// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// What happens next on a connection of a simulated meter; each step begins when the one before is done.
public enum LineStep: Hashable, Sendable {
    /// Nothing for so long.
    case pause(Duration)
    /// The client gets these octets.
    case send([UInt8])
    /// The meter gets these octets.
    case deliver([UInt8])
    /// The connection is closed, after what was sent.
    case close
    /// The connection is reset.
    case reset
    /// The connection stands, and nothing passes over it any more.
    case freeze
}

/// The speed of a simulated line.
public struct LinePacing: Hashable, Sendable {
    /// Bits per second.
    public var baud: UInt32
    /// Start bit, data bits, parity bit and stop bits together; 10 for 8N1 and 7E1.
    public var bitsPerCharacter: Int

    /// A line of so many bits per second.
    public init(baud: UInt32, bitsPerCharacter: Int = 10) {
        self.baud = max(baud, 1)
        self.bitsPerCharacter = bitsPerCharacter
    }

    /// How long so many octets take.
    public func time(of octets: Int) -> Duration {
        .nanoseconds(Int64(octets) * Int64(bitsPerCharacter) * 1_000_000_000 / Int64(baud))
    }

    /// How many octets are passed on at once, so that no more than about 20 ms lie between two lots.
    var octetsAtOnce: Int { max(1, Int(baud) / bitsPerCharacter / 50) }
}
