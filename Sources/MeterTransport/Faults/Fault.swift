// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One thing that goes wrong between a simulated meter and its client, and when.
public struct Fault: Hashable, Sendable {
    /// What happens.
    public var effect: Effect
    /// Whose octets it happens to.
    public var direction: Direction
    /// When it happens.
    public var condition: Condition

    /// Makes a fault; by default it happens to every answer.
    public init(_ effect: Effect, to direction: Direction = .answers, when condition: Condition = Condition()) {
        self.effect = effect
        self.direction = direction
        self.condition = condition
    }
}

extension Fault {
    /// Whose octets a fault happens to.
    public enum Direction: String, CaseIterable, Hashable, Sendable {
        /// Those of the meter.
        case answers
        /// Those of the client.
        case requests
    }

    /// What happens to a message, or to the connection at its occasion.
    public enum Effect: Hashable, Sendable {
        /// It comes later, by the time given and a random part of the jitter.
        case delay(Duration, jitter: Duration)
        /// It does not come.
        case loss
        /// The meter neither hears nor says anything while the condition holds.
        case silence
        /// It comes so many times more.
        case duplication(copies: Int)
        /// So many of its octets, anywhere, come changed.
        case corruption(octets: Int)
        /// Its check sequence is wrong: the FCS of an HDLC frame, the BCC of IEC 62056-21. Messages without one stay as they are.
        case wrongChecksum
        /// Its octets come one by one with so much time between.
        case trickle(octetTime: Duration)
        /// Only so many octets of it come; nil = at random.
        case truncation(octets: Int?)
        /// Only so many octets of it come (nil = at random), and the connection is closed.
        case cut(octets: Int?)
        /// The connection is closed instead.
        case closing
        /// The connection is reset instead.
        case reset
        /// From here on the connection is dead, but stands: nothing is heard or said on it any more.
        case halfOpen
        /// So many random octets come before it.
        case noise(octets: Int)
        /// The client hears its own octets, as from an optical head or a two-wire line.
        case echo
        /// Connections are closed as soon as they are made.
        case refusal
    }

    /// The words for the effects.
    public enum Name: String, CaseIterable, Hashable, Sendable {
        /// See ``Effect/delay(_:jitter:)``.
        case delay
        /// See ``Effect/loss``.
        case loss
        /// See ``Effect/silence``.
        case silence
        /// See ``Effect/duplication(copies:)``.
        case duplicate
        /// See ``Effect/corruption(octets:)``.
        case corrupt
        /// See ``Effect/wrongChecksum``.
        case wrongChecksum = "wrong-checksum"
        /// See ``Effect/trickle(octetTime:)``.
        case trickle
        /// See ``Effect/truncation(octets:)``.
        case truncate
        /// See ``Effect/cut(octets:)``.
        case cut
        /// See ``Effect/closing``.
        case close
        /// See ``Effect/reset``.
        case reset
        /// See ``Effect/halfOpen``.
        case halfOpen = "half-open"
        /// See ``Effect/noise(octets:)``.
        case noise
        /// See ``Effect/echo``.
        case echo
        /// See ``Effect/refusal``.
        case refuse
    }
}

extension Fault.Effect {
    /// The word for the effect.
    public var name: Fault.Name {
        switch self {
        case .delay: .delay
        case .loss: .loss
        case .silence: .silence
        case .duplication: .duplicate
        case .corruption: .corrupt
        case .wrongChecksum: .wrongChecksum
        case .trickle: .trickle
        case .truncation: .truncate
        case .cut: .cut
        case .closing: .close
        case .reset: .reset
        case .halfOpen: .halfOpen
        case .noise: .noise
        case .echo: .echo
        case .refusal: .refuse
        }
    }
}
