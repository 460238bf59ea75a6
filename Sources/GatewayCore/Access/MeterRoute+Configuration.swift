// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSEngine
import Fleet
import MeterSessions
import MeterTransport

extension MeterRoute {
    /// The way to a meter, from its configuration.
    ///
    /// - Parameters:
    ///   - record: the meter.
    ///   - sharedChannel: the channel that it shares with others, if it does.
    ///   - behaviour: how it differs from the standard.
    /// - Throws: ``GatewayError/notSupported(what:)`` for what this version cannot do.
    init(
        _ record: MeterRecord,
        sharedChannel: ChannelRecord?,
        behaviour: MeterBehaviour
    ) throws(GatewayError) {
        let configuration = record.configuration
        let channel: ChannelConfiguration
        let key: ChannelKey
        switch configuration.channel {
        case .inline(let own):
            channel = own
            key = ChannelKey("meter:\(record.id)")
        case .shared(let id):
            guard let sharedChannel else { throw .channelUnknown(text: id.text) }
            channel = sharedChannel.configuration
            key = ChannelKey("channel:\(id)")
        }
        try Self.check(configuration)
        guard case .tcp(let endpoint) = channel.path else {
            throw .notSupported(what: "channels of type \(channel.path.type.rawValue)")
        }
        var associations: [String: AssociationSettings] = [:]
        for (name, association) in configuration.associations {
            associations[name] = AssociationSettings(
                link: .wrapper(
                    clientPort: association.clientAddress,
                    serverPort: configuration.address.logicalDevice
                ),
                authentication: association.authentication.secret.map { .low($0) } ?? .none,
                maxReceivePDUSize: behaviour.maxReceivePDU,
                responseTimeout: configuration.timeouts.response,
                release: behaviour.release,
                maximumListLength: behaviour.withListMaximum
            )
            associations[name]?.referencing = DLMSEngine.Referencing(configuration.referencing)
            associations[name]?.shortNames.methods = ShortNameMethods(behaviour)
        }
        var hasher = Hasher()
        hasher.combine(record.revision)
        hasher.combine(sharedChannel?.revision)
        self.init(
            meter: record.id.text,
            channel: key,
            endpoint: TCPEndpoint(host: endpoint.host, port: Int(endpoint.port)),
            associations: associations,
            connectTimeout: configuration.timeouts.connect,
            keepAlive: configuration.keepAlive,
            revision: hasher.finalize()
        )
    }

    /// Refuses what this version cannot do; asked before a meter is stored, so that nobody waits for it in vain.
    static func check(_ configuration: MeterConfiguration) throws(GatewayError) {
        guard configuration.framing == .wrapper else {
            throw .notSupported(what: "the framing \(configuration.framing.rawValue)")
        }
        if case .inline(let channel) = configuration.channel { try check(channel) }
        for (name, association) in configuration.associations.sorted(by: { $0.key < $1.key }) {
            switch association.authentication {
            case .none, .low: break
            case .high, .md5, .sha1, .gmac, .sha256, .ecdsa:
                throw .notSupported(
                    what: "the mechanism \(association.authentication.mechanism.rawValue) of association \(name)"
                )
            }
            guard association.security == nil else {
                throw .notSupported(what: "the security block of association \(name)")
            }
        }
    }

    /// Refuses channels that this version cannot use.
    static func check(_ channel: ChannelConfiguration) throws(GatewayError) {
        guard case .tcp = channel.path else {
            throw .notSupported(what: "channels of type \(channel.path.type.rawValue)")
        }
    }
}

extension DLMSEngine.Referencing {
    /// How attributes and methods of a meter are named.
    fileprivate init(_ configured: Fleet.Referencing) {
        self =
            switch configured {
            case .logicalName: .logicalName
            case .shortName: .shortName
            case .automatic: .automatic
            }
    }
}

extension ShortNameMethods {
    /// Where the methods of a meter begin.
    fileprivate init(_ behaviour: MeterBehaviour) {
        let standard = MeterBehaviour()
        var exceptions: [ClassVersion: UInt16] = [:]
        if behaviour.mbusMethodOffset != standard.mbusMethodOffset {
            exceptions[ClassVersion(72, version: 0)] = UInt16(behaviour.mbusMethodOffset)
        }
        if behaviour.securitySetupMethodOffset != standard.securitySetupMethodOffset {
            exceptions[ClassVersion(64, version: 0)] = UInt16(behaviour.securitySetupMethodOffset)
        }
        self.init(exceptions: exceptions)
    }
}
