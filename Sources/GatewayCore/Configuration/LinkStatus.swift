// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import MeterSessions
public import Timekeeping

/// How things stand with the link to a meter, in times of day.
public struct LinkStatus: Sendable {
    /// What the connection manager says.
    public let status: MeterLinkStatus
    /// When the meter last answered anything.
    public let lastContact: Timestamp?
    /// Since when an association is open.
    public let openSince: Timestamp?
    /// The last failure.
    public let lastError: GatewayError?
    /// When that was.
    public let lastErrorAt: Timestamp?
    /// When the pause of a meter that does not answer is over.
    public let breakerUntil: Timestamp?
    /// How the meter was found when something was last asked of it.
    public let reachability: MeterReachability
    /// How things stand with the channel of the meter; nil when its configuration leads nowhere.
    public let channel: ChannelStanding?
}
