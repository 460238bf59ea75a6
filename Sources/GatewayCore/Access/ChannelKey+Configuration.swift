// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import MeterSessions

extension ChannelKey {
    /// The key of a path, by where it leads: an own channel of a meter and shared ones with the same address are one.
    public init(_ path: ChannelConfiguration.Path) {
        self.init(path.key)
    }
}

extension ChannelGroupPlan {
    /// The limits of a stored group.
    public init(_ record: ChannelGroupRecord) {
        self.init(
            id: record.id.text,
            parallelism: record.configuration.parallelism,
            maxConnectionsPerSecond: record.configuration.maxConnectionsPerSecond
        )
    }
}
