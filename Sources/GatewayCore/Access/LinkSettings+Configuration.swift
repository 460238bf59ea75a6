// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec
import DLMSEngine
import Fleet
import MeterTransport

extension LinkSettings {
    /// Framing and addresses of a meter, for one of its clients.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)`` for addresses and framings that this version has no link for.
    init(
        _ configuration: MeterConfiguration,
        _ behaviour: MeterBehaviour,
        client: UInt16
    ) throws(GatewayError) {
        switch configuration.framing {
        case .wrapper: self = .wrapper(clientPort: client, serverPort: configuration.address.logicalDevice)
        case .hdlc: self = .hdlc(try HDLCLinkSettings(configuration, behaviour, client: client))
        case .hdlcModeE:
            var settings = try HDLCLinkSettings(configuration, behaviour, client: client)
            settings.signOn = OpticalSignOn(try TextSignOnSettings(configuration, behaviour))
            self = .hdlc(settings)
        case .iec62056Part21:
            var settings = TextLinkSettings(try TextSignOnSettings(configuration, behaviour))
            if behaviour.textListens { settings.access = .listening(settings.signOn.opening) }
            self = .text(settings)
        }
    }
}

extension TextSignOnSettings {
    /// How a meter is greeted by its device address, or whichever there is.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)`` for an address that has no place in the greeting.
    fileprivate init(_ configuration: MeterConfiguration, _ behaviour: MeterBehaviour) throws(GatewayError) {
        let device = configuration.address.device ?? ""
        guard let request = RequestMessage(address: device) else {
            throw .notSupported(what: "the device address \(device) in the sign-on of IEC 62056-21")
        }
        self.init(request: request)
        wakesUp = behaviour.textWakeUp
        opening =
            switch behaviour.textCharacters {
            case .sevenEven: LineFormat(baud: behaviour.textSpeed, dataBits: 7, parity: .even)
            case .eightNone: LineFormat(baud: behaviour.textSpeed)
            }
        speedChange =
            switch behaviour.textSpeedChange {
            case .offered: behaviour.textSpeedLimit.map { .limited(to: Int($0)) } ?? .offered
            case .none: .none
            case .unnoticed: .unnoticed
            }
        reactionTimeout = configuration.timeouts.response
    }
}

extension HDLCLinkSettings {
    /// The link to a meter, for one of its clients.
    ///
    /// - Throws: ``GatewayError/notSupported(what:)`` for addresses that have no place in a frame.
    init(
        _ configuration: MeterConfiguration,
        _ behaviour: MeterBehaviour,
        client: UInt16
    ) throws(GatewayError) {
        guard let clientAddress = UInt8(exactly: client), (1...0x7F).contains(clientAddress) else {
            throw .notSupported(what: "the client address \(client) in HDLC frames, which hold up to 127,")
        }
        guard let server = HDLCAddress(configuration.address) else {
            throw .notSupported(what: "the address of the meter in HDLC frames, whose parts hold up to 16383,")
        }
        let response = configuration.timeouts.response
        // So that three repetitions of a lost frame fit into the wait for an answer.
        self.init(client: clientAddress, server: server, frameTimeout: response / 4, retries: 3)
        limits =
            behaviour.linkParameters
            ? HDLCLimits(
                informationTransmit: behaviour.linkFrameLength,
                informationReceive: behaviour.linkFrameLength,
                windowTransmit: behaviour.linkWindow,
                windowReceive: behaviour.linkWindow
            ) : nil
        disconnectsFirst = behaviour.linkDisconnectFirst
        pauseAfterDisconnect = .milliseconds(behaviour.linkPause)
    }
}

extension HDLCAddress {
    /// The address of a meter, in the shortest form that holds it unless the configuration says which.
    fileprivate init?(_ address: MeterAddress) {
        let parts = max(address.logicalDevice, address.physicalDevice ?? 0)
        let shortest: Width = parts > 0x7F ? .four : address.physicalDevice == nil ? .one : .two
        guard let width = address.octets.map({ Width(rawValue: $0) }) ?? shortest else { return nil }
        self.init(width: width, upper: address.logicalDevice, lower: address.physicalDevice ?? 0)
    }
}

extension AssociationSettings {
    /// The same with time for what frames take on a serial line; elsewhere they count as sent at once.
    func paced(by medium: MeterMedium) -> AssociationSettings {
        guard case .hdlc(var link) = self.link, link.signOn == nil else { return self }
        switch medium {
        case .serial(let port): link.line = port.format
        case .rfc2217(_, let format): link.line = format
        case .tcp, .udp, .tls, .modem, .standing: return self
        }
        var paced = self
        paced.link = .hdlc(link)
        return paced
    }
}
