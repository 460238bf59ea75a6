// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import DLMSCodec

extension MeterConfiguration {
    /// By what the meter is known when it sends by itself, as far as its own configuration tells.
    public var senderIdentities: Set<SenderIdentity> {
        var identities: Set<SenderIdentity> = []
        if case .inline(let channel) = channel { identities.formUnion(channel.senderIdentities) }
        for text in push.identities { identities.formUnion(SenderIdentity.all(text)) }
        if case .text(let title)? = quirks["serverSystemTitle"], let title = SenderIdentity.title(text: title) {
            identities.insert(title)
        }
        if let device = address.device { identities.insert(SenderIdentity(.name, device)) }
        return identities
    }
}

extension ChannelConfiguration {
    /// By what the meters behind the channel are known.
    public var senderIdentities: Set<SenderIdentity> {
        switch path {
        case .tcp(let endpoint), .udp(let endpoint), .tls(let endpoint, _), .rfc2217(let endpoint, _):
            [SenderIdentity(.address, endpoint.host.lowercased())]
        case .dialIn(let identity): SenderIdentity.all(identity)
        case .serial(let line): [SenderIdentity(.address, line.device)]
        case .modem: []
        }
    }
}

extension SenderIdentity {
    /// Everything that a text may be meant as.
    static func all(_ text: String) -> Set<SenderIdentity> {
        var identities: Set<SenderIdentity> = [
            SenderIdentity(.name, text), SenderIdentity(.address, text.lowercased()),
        ]
        if let title = title(text: text) { identities.insert(title) }
        return identities
    }

    /// A text of 16 hexadecimal digits as a system title; nil for any other.
    static func title(text: String) -> SenderIdentity? {
        Hexadecimal.octets(of: text).flatMap { SystemTitle($0) }.map { .title($0) }
    }
}
