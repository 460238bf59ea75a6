// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

internal import NIOCore
internal import NIOPosix

extension MeterNetwork {
    /// Asks the name service for the addresses of a host, as opening a line to it does.
    ///
    /// - Throws: `TransportError` with `.nameNotResolved`.
    public func lookUp(_ host: String) async throws(TransportError) {
        do {
            // The system's resolver blocks its thread.
            try await NIOThreadPool.singleton.runIfActive {
                _ = try SocketAddress.makeAddressResolvingHost(host, port: 0)
            }
        } catch {
            throw TransportError(.nameNotResolved(host: host))
        }
    }
}

extension MeterMedium {
    /// The host whose name is looked up when a line is opened; nil for media without one.
    public var host: String? {
        switch self {
        case .tcp(let endpoint), .udp(let endpoint), .tls(let endpoint, _), .rfc2217(let endpoint, _): endpoint.host
        case .modem(let port, _): port.host
        case .serial, .standing: nil
        }
    }
}
