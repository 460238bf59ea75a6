// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import MeterTransport

/// A path on which one exchange may be in progress at a time; several meters may share it.
///
/// What leads to the same place has the same key, whatever it is called in the configuration: so a meter that takes one
/// connection is never called twice at once.
public struct ChannelKey: Hashable, Sendable {
    /// What identifies the path, such as `tcp:192.0.2.10:4059`.
    public var text: String

    /// Names a path.
    public init(_ text: String) {
        self.text = text
    }
}

/// How to reach a meter: everything a session needs to know of its configuration.
public struct MeterRoute: Hashable, Sendable {
    /// The identifier of the meter.
    public var meter: String
    /// The path that the meter may share with others.
    public var channel: ChannelKey
    /// The group whose limits count for that path; nil without any.
    public var group: ChannelGroupPlan?
    /// The part of all lines that the path belongs to, when several gateways divide them; nil = only this gateway can use
    /// it.
    public var share: Int?
    /// What the line to the meter runs over.
    public var medium: MeterMedium
    /// How to associate, by the names under which requests choose.
    public var associations: [String: AssociationSettings]
    /// Whose invocation counters the protected ones of them use, by the same names.
    public var counters: [String: CounterPlan]
    /// How long connecting may take.
    public var connectTimeout: Duration
    /// How long an association is kept open after the last request; zero = release at once.
    public var keepAlive: Duration
    /// When a meter that does not answer is left alone; nil = as the manager's options say.
    public var breaker: BreakerPolicy?
    /// Changes whenever the configuration does; a session of another revision is replaced.
    public var revision: Int

    /// Describes a route.
    public init(
        meter: String,
        channel: ChannelKey,
        group: ChannelGroupPlan? = nil,
        share: Int? = nil,
        medium: MeterMedium,
        associations: [String: AssociationSettings],
        counters: [String: CounterPlan] = [:],
        connectTimeout: Duration = .seconds(10),
        keepAlive: Duration = .seconds(10),
        breaker: BreakerPolicy? = nil,
        revision: Int = 0
    ) {
        self.meter = meter
        self.channel = channel
        self.group = group
        self.share = share
        self.medium = medium
        self.associations = associations
        self.counters = counters
        self.connectTimeout = connectTimeout
        self.keepAlive = keepAlive
        self.breaker = breaker
        self.revision = revision
    }
}
