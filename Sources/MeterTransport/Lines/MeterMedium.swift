// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

/// Where octets to and from a meter go, and how.
public enum MeterMedium: Hashable, Sendable {
    /// A TCP connection that we open, to a meter or to a converter at a serial line.
    case tcp(TCPEndpoint)
}

extension MeterMedium: CustomStringConvertible {
    /// The medium with its address, for people.
    public var description: String {
        switch self {
        case .tcp(let endpoint): endpoint.description
        }
    }
}
