// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Timekeeping

/// A stored configuration with what the store knows about it.
public struct ConfigurationRecord<Configuration: Hashable & Sendable>: Hashable, Sendable {
    /// The operator's name of it.
    public let id: Identifier<ConfigurationRecord<Configuration>>
    /// The configuration.
    public let configuration: Configuration
    /// Identifies this state of the record; changes with every write.
    public let revision: Revision
    /// When it was first written.
    public let createdAt: Timestamp
    /// When it was last written.
    public let updatedAt: Timestamp

    /// Makes a record.
    public init(
        id: Identifier<ConfigurationRecord<Configuration>>,
        configuration: Configuration,
        revision: Revision,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.configuration = configuration
        self.revision = revision
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A stored meter.
public typealias MeterRecord = ConfigurationRecord<MeterConfiguration>

/// A stored channel that meters may share.
public typealias ChannelRecord = ConfigurationRecord<ChannelConfiguration>

/// A stored group of channels.
public typealias ChannelGroupRecord = ConfigurationRecord<ChannelGroupConfiguration>

/// A stored group of meters.
public typealias MeterGroupRecord = ConfigurationRecord<MeterGroupConfiguration>

/// A stored schedule.
public typealias ScheduleRecord = ConfigurationRecord<ScheduleConfiguration>

/// A stored webhook, without its secret.
public typealias WebhookRecord = ConfigurationRecord<WebhookConfiguration>

/// A stored set of readings.
public typealias ReadingSetRecord = ConfigurationRecord<ReadingSetConfiguration>
