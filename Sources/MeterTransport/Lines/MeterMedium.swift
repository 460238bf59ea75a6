// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

public import DLMSEngine

/// Where octets to and from a meter go, and how.
public enum MeterMedium: Hashable, Sendable {
    /// A TCP connection that we open, to a meter or to a converter at a serial line.
    case tcp(TCPEndpoint)
    /// UDP datagrams, each with whole frames; what is lost is lost.
    case udp(TCPEndpoint)
    /// A serial port of this machine.
    case serial(SerialSettings)
    /// A serial port of another machine, whose format is set by Telnet options (RFC 2217).
    case rfc2217(TCPEndpoint, LineFormat)
}

extension MeterMedium: CustomStringConvertible {
    /// The medium with its address, for people.
    public var description: String {
        switch self {
        case .tcp(let endpoint), .udp(let endpoint), .rfc2217(let endpoint, _): endpoint.description
        case .serial(let settings): settings.device
        }
    }
}
