// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine
public import DLMSSecurity

/// Where octets to and from a meter go, and how.
public indirect enum MeterMedium: Hashable, Sendable {
    /// A TCP connection that we open, to a meter or to a converter at a serial line.
    case tcp(TCPEndpoint)
    /// UDP datagrams, each with whole frames; what is lost is lost.
    case udp(TCPEndpoint)
    /// TLS over a TCP connection that we open.
    case tls(TCPEndpoint, TLSSettings)
    /// A serial port of this machine.
    case serial(SerialSettings)
    /// A serial port of another machine, whose format is set by Telnet options (RFC 2217).
    case rfc2217(TCPEndpoint, LineFormat)
    /// A call of a modem with AT commands at the end of another line, usually that of a serial port.
    case modem(MeterMedium, ModemSettings)
    /// A connection that the meter with this identity opens, and that stands for as long as it wants.
    case standing(identity: String)
}

extension MeterMedium: CustomStringConvertible {
    /// The medium with its address, for people.
    public var description: String {
        switch self {
        case .tcp(let endpoint), .udp(let endpoint), .tls(let endpoint, _), .rfc2217(let endpoint, _):
            endpoint.description
        case .serial(let settings): settings.device
        case .modem(let port, let settings): "\(settings.dial) at the modem of \(port)"
        case .standing(let identity): "dial-in of \(identity)"
        }
    }
}
