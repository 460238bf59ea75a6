// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A gateway among those that share a database.
public struct NodeRecord: Hashable, Sendable {
    /// What has become of a gateway.
    public enum State: String, CaseIterable, Hashable, Sendable {
        /// It works.
        case live
        /// It gives its work to the others and ends.
        case draining
        /// It has ended in good order.
        case stopped
        /// It was not heard of in time: it is dead, or has no way to the database.
        case lost
    }

    /// Its name, which is the same after a restart.
    public var name: String
    /// Counts its starts; what an earlier start still writes is refused.
    public var fence: Int64
    /// Its number among all there ever were, from 0.
    public var ordinal: Int
    /// Where the others reach its API, such as `http://192.0.2.7:8080`.
    public var address: String
    /// The version of the gateway.
    public var version: String
    /// When it was started.
    public var startedAt: Timestamp
    /// Until when it counts as alive, by the database's clock; the past when it has stopped.
    public var aliveUntil: Timestamp
    /// Until when an earlier start under its name may still have been at work.
    public var formerUntil: Timestamp
    /// What has become of it, at the moment it was looked up.
    public var state: State

    /// Makes a record.
    public init(
        name: String,
        fence: Int64,
        ordinal: Int,
        address: String,
        version: String,
        startedAt: Timestamp,
        aliveUntil: Timestamp,
        formerUntil: Timestamp,
        state: State
    ) {
        self.name = name
        self.fence = fence
        self.ordinal = ordinal
        self.address = address
        self.version = version
        self.startedAt = startedAt
        self.aliveUntil = aliveUntil
        self.formerUntil = formerUntil
        self.state = state
    }

    /// What the gateway has: this start of it, and no other.
    public var holder: NodeHolder { NodeHolder(name: name, fence: fence) }
}

/// One start of a gateway, as it stands beside what it has.
public struct NodeHolder: Hashable, Sendable, CustomStringConvertible {
    /// The gateway's name.
    public let name: String
    /// Counts the gateway's starts.
    public let fence: Int64

    /// Names a start.
    public init(name: String, fence: Int64) {
        self.name = name
        self.fence = fence
    }

    /// Reads what ``text`` writes; nil for anything else.
    public init?(_ text: String) {
        guard let slash = text.lastIndex(of: "/"), let fence = Int64(text[text.index(after: slash)...]) else {
            return nil
        }
        self.init(name: String(text[..<slash]), fence: fence)
    }

    /// Name and count with a slash between.
    public var text: String { "\(name)/\(fence)" }

    /// The same as ``text``.
    public var description: String { text }
}

/// Who a gateway is that begins to share a database.
public struct NodeRegistration: Hashable, Sendable {
    /// Its name: 1 to 64 letters, digits, dots, hyphens and underscores.
    public var name: String
    /// Where the others reach its API.
    public var address: String
    /// The version of the gateway.
    public var version: String
    /// For how long it is believed to be alive without being heard of.
    public var lease: Duration

    /// Makes a registration.
    public init(name: String, address: String, version: String, lease: Duration) {
        self.name = name
        self.address = address
        self.version = version
        self.lease = lease
    }
}
