// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import Fleet
public import MeterSessions

extension ChannelKey {
    /// The key of a path, by where it leads: an own channel of a meter and shared ones with the same address are one.
    ///
    /// TCP, TLS and RFC 2217 to the same port meet the same listener, and a modem is one whatever number it dials.
    public init(_ path: ChannelConfiguration.Path) {
        let text =
            switch path {
            case .tcp(let endpoint), .tls(let endpoint, _), .rfc2217(let endpoint, _): "tcp:\(endpoint)"
            case .udp(let endpoint): "udp:\(endpoint)"
            case .serial(let line): "serial:\(line.device)"
            case .modem(let modem):
                switch modem.port {
                case .serial(let line): "serial:\(line.device)"
                case .tcp(let endpoint): "tcp:\(endpoint)"
                }
            case .dialIn(let identity): "dial-in:\(identity)"
            }
        self.init(text)
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
