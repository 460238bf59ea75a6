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
        case tls(NetworkEndpoint)
        /// A serial port of the gateway's machine.
        case serial(SerialLine)
        /// A modem with AT commands at a serial port; `dial` is the whole dialling command.
        case modem(SerialLine, dial: String)
        /// A connection that the meter opens to the gateway, known by what it sends first or by its address.
        case dialIn(identity: String)

        /// The word for the medium in the API.
        public var type: PathType {
            switch self {
            case .tcp: .tcp
            case .udp: .udp
            case .tls: .tls
            case .serial: .serial
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
        /// See ``Path/tls(_:)``.
        case tls
        /// See ``Path/serial(_:)``.
        case serial
        /// See ``Path/modem(_:dial:)``.
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

/// A serial port and its settings.
public struct SerialLine: Hashable, Sendable {
    /// The device file.
    public var device: String
    /// The speed in bits per second.
    public var baud: UInt32
    /// The parity bit.
    public var parity: Parity
    /// The number of data bits, 7 or 8.
    public var dataBits: UInt8
    /// The number of stop bits, 1 or 2.
    public var stopBits: UInt8

    /// Makes a serial line; by default 9600 bits per second, 8 data bits, no parity, 1 stop bit.
    public init(device: String, baud: UInt32 = 9600, parity: Parity = .none, dataBits: UInt8 = 8, stopBits: UInt8 = 1) {
        self.device = device
        self.baud = baud
        self.parity = parity
        self.dataBits = dataBits
        self.stopBits = stopBits
    }

    /// The parity bit of a serial line.
    public enum Parity: String, CaseIterable, Hashable, Sendable {
        /// There is none.
        case none
        /// Makes the number of ones even.
        case even
        /// Makes the number of ones odd.
        case odd
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
