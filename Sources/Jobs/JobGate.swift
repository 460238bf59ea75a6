// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// What every execution of a job has to pass before it sends something, kept by the store for all gateways together.
///
/// A job with a gate sends at most once at each target: the store grants a second permission to no execution, whatever
/// became of the first.
public struct JobGate: Hashable, Sendable {
    /// Names the gate; all jobs of a name are held together.
    public var name: String
    /// How many of the gate's executions may be sent in a time; nil does not count this job.
    public var fuse: JobFuse?

    /// Makes a gate.
    public init(name: String, fuse: JobFuse? = nil) {
        self.name = name
        self.fuse = fuse
    }

    /// The gate of orders that switch supply.
    public static let orders = "orders"
}

/// How many executions may be sent in a time, counted over all jobs that have a fuse at the same gate.
public struct JobFuse: Hashable, Sendable {
    /// How many.
    public var limit: Int
    /// In how long a time.
    public var window: Duration

    /// Makes a fuse.
    public init(limit: Int, window: Duration) {
        self.limit = limit
        self.window = window
    }
}

/// Why nothing passes a gate at present.
public struct GateHold: Hashable, Sendable {
    /// Who holds it.
    public var by: String
    /// Since when.
    public var since: Timestamp
    /// What for, in the words of who holds it.
    public var reason: String?

    /// Makes a hold.
    public init(by: String, since: Timestamp, reason: String? = nil) {
        self.by = by
        self.since = since
        self.reason = reason
    }
}
