// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import JSONText
import MeterSessions
import MeterTransport

extension MeterRoute {
    /// The way to a meter, from its configuration.
    ///
    /// - Parameters:
    ///   - record: the meter.
    ///   - sharedChannel: the channel that it shares with others, if it does.
    ///   - group: the group of the channel, if it is in one.
    ///   - behaviour: how it differs from the standard.
    ///   - systemTitle: the client's system title where none is configured.
    /// - Throws: ``GatewayError/notSupported(what:)`` for what this version cannot do.
    init(
        _ record: MeterRecord,
        sharedChannel: ChannelRecord?,
        group: ChannelGroupRecord? = nil,
        behaviour: MeterBehaviour,
        systemTitle: SystemTitle?
    ) throws(GatewayError) {
        let configuration = record.configuration
        let channel: ChannelConfiguration
        switch configuration.channel {
        case .inline(let own): channel = own
        case .shared(let id):
            guard let sharedChannel else { throw .channelUnknown(text: id.text) }
            channel = sharedChannel.configuration
        }
        try Self.check(configuration)
        let medium = MeterMedium(channel.path)
        let mapping = AssociationMapping(
            meter: record.id,
            configuration: configuration,
            behaviour: behaviour,
            systemTitle: systemTitle
        )
        var associations: [String: AssociationSettings] = [:]
        var counters: [String: CounterPlan] = [:]
        var configured = configuration.associations
        if configured.isEmpty { configured[MeterConfiguration.textAssociation] = AssociationConfiguration() }
        for (name, association) in configured {
            associations[name] = try mapping.settings(name, association)
            counters[name] = try mapping.counters(name, association)
        }
        var hasher = Hasher()
        hasher.combine(record.revision)
        hasher.combine(sharedChannel?.revision)
        hasher.combine(behaviour)
        self.init(
            meter: record.id.text,
            channel: ChannelKey(channel.path),
            group: group.map { ChannelGroupPlan($0) },
            share: Self.share(channel),
            medium: medium,
            associations: associations.mapValues { $0.paced(by: medium) },
            counters: counters,
            connectTimeout: Self.connectTimeout(configuration, medium),
            keepAlive: configuration.keepAlive,
            revision: hasher.finalize()
        )
    }

    /// The part of all lines that a channel belongs to; a connection that the meter opens is of who has it.
    private static func share(_ channel: ChannelConfiguration) -> Int? {
        if case .dialIn = channel.path { return nil }
        return ChannelShare(of: channel.path, in: channel.group).number
    }

    /// How long opening the line may take: a meter that dials in is waited for as long as callers wait.
    private static func connectTimeout(_ configuration: MeterConfiguration, _ medium: MeterMedium) -> Duration {
        if case .standing = medium { .seconds(86_400) } else { configuration.timeouts.connect }
    }

    /// The group of a meter's channel; nil when it is in none.
    static func group(_ configuration: MeterConfiguration, _ shared: ChannelRecord?) -> ChannelGroupID? {
        switch configuration.channel {
        case .inline(let own): own.group
        case .shared: shared?.configuration.group
        }
    }

    /// Refuses what this version cannot do; asked before a meter is stored, so that nobody waits for it in vain.
    static func check(_ configuration: MeterConfiguration) throws(GatewayError) {
        if case .inline(let channel) = configuration.channel { try check(channel, at: "/channel") }
    }

    /// Refuses channels that this version cannot use.
    ///
    /// - Parameter place: where the channel stands in what the caller sent.
    static func check(_ channel: ChannelConfiguration, at place: JSONPointer = .root) throws(GatewayError) {
        guard let format = channel.path.format, !SerialSpeed.standard.contains(format.baud) else { return }
        throw .valueOutOfRange(
            pointer: place.appending("baud"),
            allowed: "one of \(SerialSpeed.standard.map { String($0) }.joined(separator: ", "))"
        )
    }
}
