// SPDX-License-Identifier: Apache-2.0
// Copyright the cosem-gateway authors

import Glibc
import NIOCore
import NIOPosix

/// Finds the addresses of a host, all of them, once.
enum HostLookup {
    /// The addresses of a host with a port, in the order of the resolver; waits for it on a thread of its own.
    static func addresses(of host: String, port: Int) async throws(OutboundFault) -> [SocketAddress] {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try look(host, port) }
        } catch let fault as OutboundFault {
            throw fault
        } catch {
            throw .notResolved
        }
    }

    private static func look(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { throw OutboundFault.notResolved }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            switch entry.ai_family {
            case AF_INET:
                let found = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee }
                addresses.append(SocketAddress(found, host: host))
            case AF_INET6:
                let found = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee }
                addresses.append(SocketAddress(found, host: host))
            default: continue
            }
        }
        guard !addresses.isEmpty else { throw OutboundFault.notResolved }
        return addresses
    }
}

extension SocketAddress {
    /// The octets of an IP address; empty for any other address.
    var octets: [UInt8] {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}
