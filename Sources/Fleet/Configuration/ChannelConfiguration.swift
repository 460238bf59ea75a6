// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// One path over which one exchange at a time runs, for one or more meters.
public struct ChannelConfiguration: Hashable, Sendable {
    /// The medium with its addresses.
    public var path: Path
    /// The group whose limits count for this channel too.
    public var group: ChannelGroupID?

    /// Makes a channel, by default in no group.
    public init(path: Path, group: ChannelGroupID? = nil) {
        self.path = path
        self.group = group
    }
}

extension ChannelConfiguration {
    /// A medium with its addresses.
    public enum Path: Hashable, Sendable {
        /// A TCP connection that the gateway opens.
        case tcp(NetworkEndpoint)
        /// UDP datagrams.
        case udp(NetworkEndpoint)
        /// TLS over a TCP connection that the gateway opens.
        case tls(NetworkEndpoint, TLSConfiguration = TLSConfiguration())
        /// A serial port of the gateway's machine.
        case serial(SerialLine)
        /// A serial port of another machine, whose format is set over a TCP connection (RFC 2217).
        case rfc2217(NetworkEndpoint, SerialFormat)
        /// A call of a modem with AT commands.
        case modem(ModemLine)
        /// A connection that the meter opens to the gateway, known by what it sends first or by its address.
        case dialIn(identity: String)

        /// The word for the medium in the API.
        public var type: PathType {
            switch self {
            case .tcp: .tcp
            case .udp: .udp
            case .tls: .tls
            case .serial: .serial
            case .rfc2217: .rfc2217
            case .modem: .modem
            case .dialIn: .dialIn
            }
        }
    }

    /// The words for the media.
    public enum PathType: String, CaseIterable, Hashable, Sendable {
        /// See ``Path/tcp(_:)``.
        case tcp
        /// See ``Path/udp(_:)``.
        case udp
        /// See ``Path/tls(_:_:)``.
        case tls
        /// See ``Path/serial(_:)``.
        case serial
        /// See ``Path/rfc2217(_:_:)``.
        case rfc2217
        /// See ``Path/modem(_:)``.
        case modem
        /// See ``Path/dialIn(identity:)``.
        case dialIn = "dial-in"
    }
}

/// A host with a port.
public struct NetworkEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The port registered for DLMS/COSEM, TCP and UDP.
    public static let standardPort: UInt16 = 4059

    /// A name or an address; an IPv6 address stands without brackets.
    public var host: String
    /// The port, never 0.
    public var port: UInt16

    /// Makes an endpoint, by default at the registered port.
    public init(host: String, port: UInt16 = standardPort) {
        self.host = host
        self.port = port
    }

    /// Host and port with a colon between, an IPv6 address in brackets.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

/// Limits that channels share: a pool of modems, a radio cell, a concentrator.
public struct ChannelGroupConfiguration: Hashable, Sendable {
    /// How many channels of the group may be busy at once, at least 1.
    public var parallelism: Int
    /// How many connections the group may open in a second; nil does not limit them.
    public var maxConnectionsPerSecond: Double?

    /// Makes limits.
    public init(parallelism: Int, maxConnectionsPerSecond: Double? = nil) {
        self.parallelism = parallelism
        self.maxConnectionsPerSecond = maxConnectionsPerSecond
    }
}
